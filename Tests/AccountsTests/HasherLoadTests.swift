import Accounts
import Foundation
import TestSupport
import XCTest

final class HasherLoadTests: XCTestCase {
  func testJ10_callersBeyondTheWaitingLimitAreTurnedAway() throws {
    let hasher = try PasswordHasher(
      cost: .init(passes: 2, memory: 32 << 20), concurrency: 1, waitingLimit: 3,
      timeout: .seconds(60))
    let password = try XCTUnwrap(Password("a"))
    let results = onThreads(40) { _ in Result { try hasher.verify(password, against: nil) } }
    let turnedAway = results.filter { result in
      guard case .failure(let error) = result else { return false }
      return error as? PasswordHasherError == .tooMany
    }
    XCTAssertGreaterThan(turnedAway.count, 0)
    // One at work and three who wait, at least.
    XCTAssertGreaterThanOrEqual(results.count - turnedAway.count, 4)
    for case .success(let verdict) in results { XCTAssertEqual(verdict, .wrong) }
    XCTAssertEqual(try hasher.verify(password, against: nil), .wrong)
  }

  func testJ10_callersWithinTheWaitingLimitAreServed() throws {
    let hasher = try PasswordHasher(
      cost: .least, concurrency: 2, waitingLimit: 64, timeout: .seconds(60))
    let password = try XCTUnwrap(Password("a"))
    let hash = try hasher.hash(password)
    let verdicts = onThreads(64) { _ in try? hasher.verify(password, against: hash) }
    XCTAssertEqual(verdicts, [PasswordHasher.Verdict?](repeating: .right, count: 64))
  }

  func testJ10_callersThatNeedNotWaitAreNotCountedAsWaiting() throws {
    let hasher = try PasswordHasher(
      cost: .init(passes: 2, memory: 8 << 20), concurrency: 4, waitingLimit: 0)
    let password = try XCTUnwrap(Password("a"))
    let verdicts = onThreads(4) { _ in try? hasher.verify(password, against: nil) }
    XCTAssertEqual(verdicts, [PasswordHasher.Verdict?](repeating: .wrong, count: 4))
  }

  func testJ10_theTurnOfAHashEndsWithAnError() throws {
    let hasher = try PasswordHasher(
      cost: .least, concurrency: 1, waitingLimit: 0, timeout: .seconds(60))
    let password = try XCTUnwrap(Password("a"))
    for _ in 0..<10 {
      XCTAssertEqual(try hasher.verify(password, against: "damaged"), .damagedHash)
      XCTAssertNoThrow(try hasher.hash(password))
    }
  }

  func testJ10_memoryIsThatOfTheHashesWhichMayBeComputedAtOnce() throws {
    let size = 48 << 20
    let hasher = try PasswordHasher(
      cost: .init(passes: 2, memory: size), concurrency: 2, waitingLimit: 64,
      timeout: .seconds(60))
    let password = try XCTUnwrap(Password("a"))
    let grown = try growthOfMemory {
      let verdicts = onThreads(10) { _ in try? hasher.verify(password, against: nil) }
      XCTAssertEqual(verdicts, [PasswordHasher.Verdict?](repeating: .wrong, count: 10))
    }
    XCTAssertLessThan(grown, 3 * size)
  }

  func testJ1_userWhoDoesNotExistCostsWhatOneWhoDoesCosts() throws {
    let size = 64 << 20
    let hasher = try PasswordHasher(
      cost: .init(passes: 1, memory: size), concurrency: 1, timeout: .seconds(60))
    let password = try XCTUnwrap(Password("a"))
    let hash = try hasher.hash(password)
    for stored in [hash, nil, "damaged"] {
      let grown = try growthOfMemory { _ = try hasher.verify(password, against: stored) }
      XCTAssertGreaterThan(grown, size * 3 / 4, stored ?? "none")
      XCTAssertLessThan(grown, size * 3 / 2, stored ?? "none")
    }
  }

  /// Or a few sign-ins keep all other requests waiting.
  func testJ10_hashesLetOtherThreadsGoFirst() throws {
    var hasher: PasswordHasher? = try PasswordHasher(
      cost: .init(passes: 4, memory: 128 << 20), concurrency: 2, timeout: .seconds(60))
    let password = try XCTUnwrap(Password("a"))
    let own = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
    let done = DispatchGroup()
    for _ in 0..<3 {
      DispatchQueue.global().async(group: done) { [hasher] in
        _ = try? hasher?.verify(password, against: nil)
      }
    }
    var most = 0
    while done.wait(timeout: .now() + .milliseconds(1)) == .timedOut {
      most = max(most, niceThreads(than: own).count)
    }
    XCTAssertEqual(most, 2, "as many as are computed at a time")
    hasher = nil
    // The last of the three may hold it for a moment longer.
    for _ in 0..<1_000 where !niceThreads(than: own).isEmpty { usleep(1_000) }
    XCTAssertEqual(niceThreads(than: own), [], "none is left")
    XCTAssertEqual(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0), own)
  }

  /// The threads of this process that are nicer by 5 than `niceness` (proc_pid_stat(5)).
  private func niceThreads(than niceness: Int32) -> [String] {
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return threads.filter { thread in
      let stat = try? String(contentsOfFile: "/proc/self/task/\(thread)/stat", encoding: .utf8)
      // From the state on: the name may hold anything.
      let fields = stat?.split(separator: ")").last?.split(separator: " ") ?? []
      return fields.count > 16 && fields[16] == "\(niceness + 10)"
    }
  }

  /// By how many bytes `body` makes the resident memory of this process grow at its most
  /// (proc_pid_clear_refs(5), proc_pid_status(5)).
  private func growthOfMemory(of body: () throws -> Void) throws -> Int {
    let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs")
    try? file?.write(contentsOf: Data("5".utf8))
    let before = try kibibytes("VmHWM")
    try XCTSkipUnless(
      before <= kibibytes("VmRSS") + 4096, "this kernel does not forget the peak of the memory")
    try body()
    return (try kibibytes("VmHWM") - before) << 10
  }

  private func kibibytes(_ name: String) throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
    let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
    return try XCTUnwrap(number.flatMap { Int($0) })
  }
}
