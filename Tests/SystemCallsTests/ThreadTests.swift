import Foundation
import Synchronization
import XCTest

@testable import SystemCalls

final class ThreadTests: XCTestCase {
  private func result<R: Sendable>(
    niceness: Int32, _ body: @escaping @Sendable () -> R
  ) throws -> R {
    let box = Box<R>()
    try System.startThread(niceness: niceness) { box.set(body()) }.join()
    return try XCTUnwrap(box.value)
  }

  private var niceness: Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

  func testBodyRunsOnAnotherThreadThatIsGoneThen() throws {
    // As `1234/task/5678` (proc(5)).
    @Sendable func thread() throws -> String {
      try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
    }
    let theirs = try result(niceness: 0) { try? thread() }
    XCTAssertNotEqual(try XCTUnwrap(theirs), try thread())
    XCTAssertFalse(FileManager.default.fileExists(atPath: "/proc/\(try XCTUnwrap(theirs))"))
  }

  func testNiceValueIsTheThreadsAlone() throws {
    let own = niceness
    let theirs = try result(niceness: 5) {
      getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
    }
    XCTAssertEqual(theirs, min(own + 5, 19))
    XCTAssertEqual(niceness, own)
  }

  func testThreadHasEverySignalBlocked() throws {
    let isBlocked = try result(niceness: 0) {
      var mask = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &mask)
      return [SIGTERM, SIGINT, SIGCHLD, SIGUSR1].allSatisfy { sigismember(&mask, $0) == 1 }
    }
    XCTAssertTrue(isBlocked)
  }
}

private final class Box<R: Sendable>: Sendable {
  private let stored = Mutex<R?>(nil)

  var value: R? { stored.withLock { $0 } }
  func set(_ value: R) { stored.withLock { $0 = value } }
}
