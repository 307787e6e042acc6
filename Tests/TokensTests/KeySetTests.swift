import XCTest

@testable import Tokens

/// When keys sign, verify and end. All of it is pure: the time is given.
final class KeySetTests: XCTestCase {
  private let now = 1_800_000_000
  private let lifetime = 900

  private func key(
    _ id: String, from: NumericDate? = 0, until: NumericDate? = nil,
    _ algorithm: KeyAlgorithm = .hs256
  ) throws -> TokenKey {
    let secret = try KeySecret.random(algorithm)
    return TokenKey(
      try KeySecret(id: id, algorithm: algorithm, bytes: secret.bytes), signsFrom: from,
      verifiesUntil: until)
  }

  private func signers(_ keys: KeySet, _ times: NumericDate...) -> [String] {
    times.map { keys.signer(at: $0).id }
  }

  func testM4_theNewestKeyThatHasBegunSigns() throws {
    let keys = try KeySet(keys: [key("b", from: 200), key("c", from: 300), key("a", from: 100)])
    XCTAssertEqual(keys.keys.map(\.id), ["c", "b", "a"])
    XCTAssertEqual(
      signers(keys, 0, 99, 100, 199, 200, 299, 300, .max),
      ["a", "a", "a", "a", "b", "b", "c", "c"])
    XCTAssertEqual(keys.signing.id, "c")
    XCTAssertEqual(keys.verifying.map(\.id), ["b", "a"])
  }

  func testM4_ofTwoThatBeginAtOnceTheOneThatWasAddedLastSigns() throws {
    let keys = try KeySet(keys: [key("a", from: 5)]).adding(key("b", from: 5))
    XCTAssertEqual(signers(keys, 0, 5, 6), ["a", "b", "b"])
  }

  func testM4_aRotatedKeySignsUntilTheNewOneBeginsAndVerifiesUntilItsLastTokenHasEnded() throws {
    let begin = now + KeySet.activationDelay
    let keys = try KeySet(keys: [key("a")])
      .rotating(to: key("b", from: begin), lifetime: lifetime)
    XCTAssertEqual(signers(keys, now, begin - 1, begin), ["a", "a", "b"])
    let old = try XCTUnwrap(keys.keys.first { $0.id == "a" })
    let end = try XCTUnwrap(old.verifiesUntil)
    // What it signs in its last second, and what a worker signs that has not been replaced yet.
    XCTAssertGreaterThanOrEqual(end, begin - 1 + lifetime)
    XCTAssertEqual(end, begin + lifetime + KeySet.reloadTime)
    XCTAssertFalse(old.hasEnded(at: end - 1))
    XCTAssertTrue(old.hasEnded(at: end))
    XCTAssertEqual(keys.withoutEnded(at: end - 1), keys)
    let left = keys.withoutEnded(at: end)
    XCTAssertEqual(left.keys.map(\.id), ["b"])
    XCTAssertEqual(left.retired, ["a"])
  }

  func testM4_noKeyEverSignsWhatOutlivesIt() throws {
    // However rotations follow each other, at whatever pauses and delays.
    for delays in [[120, 0], [0, 120], [120, 120, 0, 5], [600, 120, 60, 0], [0, 0, 0]] {
      for pause in [0, 1, 50, 1000] {
        var keys = try KeySet(keys: [key("k")])
        for (number, delay) in delays.enumerated() {
          keys = try keys.rotating(
            to: key("k\(number)", from: now + number * pause + delay), lifetime: lifetime)
        }
        for time in stride(from: now - 10, to: now + 6_000, by: 1) {
          let end = keys.signer(at: time).verifiesUntil ?? .max
          XCTAssertGreaterThanOrEqual(end, time + lifetime, "\(delays) \(pause) \(time - now)")
        }
        XCTAssertEqual(keys.keys.count { $0.signsWithoutEnd }, 1)
      }
    }
  }

  func testM4_clockThatStepsBackHasTheOldKeySignAgainWhileItIsThere() throws {
    let keys = try KeySet(keys: [key("a")])
      .rotating(to: key("b", from: now), lifetime: lifetime)
    XCTAssertEqual(signers(keys, now + 10, now - 10, now + 10), ["b", "a", "b"])
    XCTAssertEqual(signers(keys.withoutEnded(at: now + 10_000), now - 10), ["b"])
  }

  func testM4_aRetiredKeyMustHaveAnotherToSignInItsPlace() throws {
    let keys = try KeySet(keys: [key("a")])
    XCTAssertThrowsError(try keys.retiring("a", at: now, lifetime: lifetime))
    let rotated = try keys.rotating(to: key("b", from: now), lifetime: lifetime)
    XCTAssertThrowsError(try rotated.retiring("b", at: now, lifetime: lifetime))
  }

  func testM4_aRetiredKeySignsUntilTheNextBeginsAndTheNewestNoLonger() throws {
    let keys = try KeySet(keys: [key("a"), key("b", from: now + 120)])
    let older = try keys.retiring("a", at: now, lifetime: lifetime)
    XCTAssertEqual(signers(older, now, now + 119, now + 120), ["a", "a", "b"])
    XCTAssertEqual(older.keys.last?.verifiesUntil, now + 120 + lifetime + KeySet.reloadTime)
    let newer = try keys.retiring("b", at: now, lifetime: lifetime)
    XCTAssertEqual(signers(newer, now, now + 119, now + 120), ["a", "a", "a"])
    XCTAssertEqual(newer.keys.last?.verifiesUntil, now + lifetime + KeySet.reloadTime)
  }

  func testM5_aRemovedKeyIsGoneAndTheNextOneSignsAtOnce() throws {
    let keys = try KeySet(keys: [key("a"), key("old", until: now + 10)])
      .adding(key("b", from: now + 120))
    let left = try keys.removing("a", at: now) { _ in throw WeakSecret() }
    XCTAssertEqual(signers(left, now, now + 120), ["b", "b"])
    XCTAssertEqual(left.retired, ["a"])
    XCTAssertNil(left.keys.first { $0.id == "a" })
  }

  func testM5_theOnlyKeyIsReplacedByOneOfItsAlgorithm() throws {
    let keys = try KeySet(keys: [key("a", .es256), key("old", until: now + 10)])
    let left = try keys.removing("a", at: now) { try .random($0) }
    XCTAssertEqual(left.signer(at: now).secret.algorithm, .es256)
    XCTAssertNotEqual(left.signer(at: now).id, "a")
    XCTAssertEqual(left.signer(at: now).createdAt, now)
    XCTAssertEqual(try keys.removing("unknown", at: now) { try .random($0) }, keys)
  }

  func testM4_aSetWithoutAKeyThatSignsInTheLongRunIsRefused() throws {
    for keys in try [[], [key("a", from: nil)], [key("a", until: now)]] {
      XCTAssertThrowsError(try KeySet(keys: keys))
    }
  }

  func testM4_thereAreAtMost32KeysAndOfRetiredOnesTheLast100() throws {
    var keys = try KeySet(keys: [key("k")])
    for number in 1..<32 { keys = try keys.adding(key("k\(number)", from: number)) }
    XCTAssertThrowsError(try keys.adding(key("more")))
    let many = try KeySet(keys: [key("k")], retired: (0..<200).map { "\($0)" })
    XCTAssertEqual(many.retired, (0..<100).map { "\($0)" })
  }

  func testStatesOfKeys() throws {
    let keys = try KeySet(keys: [key("a")])
      .rotating(to: key("b", from: now + 120), lifetime: lifetime)
    func states(_ time: NumericDate) -> [KeySet.State] {
      keys.keys.map { keys.state(of: $0, at: time) }
    }
    XCTAssertEqual(states(now), [.pending, .active])
    XCTAssertEqual(states(now + 120), [.active, .verifying])
  }

  func testIDsOfNewKeysAreNoOptionsOnACommandLine() throws {
    for _ in 0..<1_000 { XCTAssertFalse(try KeySecret.random().id.hasPrefix("-")) }
  }
}
