import DocumentStore
import Foundation
import MemoryDocumentStore
import TestSupport
import Tokens
import XCTest

@testable import Postern

/// Which hosts may serve beside each other, by their keys.
final class SharedKeysTests: XCTestCase {
  private let now = 1_800_000_000
  private var time: Date { Date(timeIntervalSince1970: TimeInterval(now)) }
  private let refresh = try! KeySet.random()
  private let store = MemoryDocumentStore()

  private func file(_ access: KeySet) -> KeyFile { KeyFile(access: access, refresh: refresh) }

  private func join(_ file: KeyFile, after seconds: Int = 0) -> String? {
    let time = time.addingTimeInterval(TimeInterval(seconds))
    do {
      try SharedKeys.join(SharedKeys(file, at: time), in: store, at: time)
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func assertRefused(
    _ outcome: String?, _ reason: String, line: UInt = #line
  ) {
    XCTAssertTrue(outcome?.contains(reason) ?? false, outcome ?? "not refused", line: line)
    XCTAssertTrue(outcome?.contains("postern key publish") ?? false, line: line)
  }

  func testTheFirstHostSaysWhichKeysAllMustHave() throws {
    let keys = file(try .random())
    XCTAssertNil(join(keys))
    XCTAssertNil(join(keys))
    assertRefused(join(file(try .random())), "is missing here")
    let other = KeyFile(access: keys.access, refresh: try .random())
    assertRefused(join(other), "others derive keys from another one")
  }

  func testAKeyOfTheSameIdAndAnotherSecretIsAnotherOne() throws {
    func secret(_ text: String) throws -> KeyFile {
      let bytes = Array(text.utf8)
      return file(KeySet(signing: try KeySecret(id: "k", bytes: bytes)))
    }
    XCTAssertNil(join(try secret(TestHouse.accessSecret)))
    assertRefused(join(try secret(TestHouse.refreshSecret)), "is another one here")
  }

  func testANewKeyMayComeToOneHostAfterTheOtherBeforeItSigns() throws {
    let old = file(try .random(at: now))
    XCTAssertNil(join(old))
    let key = TokenKey(try .random(), createdAt: now, signsFrom: now + 120)
    let new = file(try old.access.rotating(to: key, lifetime: 900))
    XCTAssertNil(join(new))
    XCTAssertNil(join(old), "it is on its way to this host")
    assertRefused(join(old, after: 120), "the key \(key.id) is missing here")
    XCTAssertNil(join(new, after: 120))
    XCTAssertNil(join(new, after: 86_400), "the old one has ended everywhere")
  }

  func testAKeyThatSignsMustBeKnownToTheOthers() throws {
    let old = file(try .random(at: now))
    XCTAssertNil(join(old))
    let key = TokenKey(try .random(), createdAt: now, signsFrom: now)
    assertRefused(join(file(try old.access.adding(key))), "the key \(key.id) is missing there")
  }

  func testAKeyThatIsRetiredDoesNotComeBack() throws {
    let first = file(try .random(at: now))
    XCTAssertNil(join(first))
    let key = TokenKey(try .random(), createdAt: now, signsFrom: now)
    let both = file(try first.access.adding(key))
    try SharedKeys.publish(SharedKeys(both, at: time), in: store)
    assertRefused(join(first), "is missing here")
    XCTAssertNil(join(both))
    let rest = file(KeySet(signing: key.secret))
    try SharedKeys.publish(SharedKeys(rest, at: time), in: store)
    XCTAssertNil(join(rest))
    assertRefused(join(both), "is retired, and still here")
    try SharedKeys.publish(SharedKeys(both, at: time), in: store)
    XCTAssertNil(join(both), "unless it is wanted back")
  }

  func testTheStoreHasNothingThatSigns() throws {
    let keys = file(try .random())
    XCTAssertNil(join(keys))
    let text = String(
      decoding: try JSONEncoder().encode(
        XCTUnwrap(store.read(SharedKeys.self, SharedKeys.name))), as: UTF8.self)
    let secrets = String(decoding: try keys.encoded(), as: UTF8.self)
    for part in secrets.split(separator: "\"") where part.count > 30 {
      XCTAssertFalse(text.contains(part))
    }
    XCTAssertTrue(text.contains(keys.access.signing.id))
  }
}
