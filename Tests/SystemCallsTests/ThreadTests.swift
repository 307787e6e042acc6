import Foundation
import XCTest

@testable import SystemCalls

final class ThreadTests: XCTestCase {
  private var niceness: Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

  func testBodyRunsOnAnotherThreadThatIsGoneThen() throws {
    // As `1234/task/5678` (proc(5)).
    @Sendable func thread() throws -> String {
      try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
    }
    let theirs = try System.runOnThread(niceness: 0) { try? thread() }
    XCTAssertNotEqual(try XCTUnwrap(theirs), try thread())
    XCTAssertFalse(FileManager.default.fileExists(atPath: "/proc/\(try XCTUnwrap(theirs))"))
  }

  func testNiceValueIsTheThreadsAlone() throws {
    let own = niceness
    let theirs = try System.runOnThread(niceness: 5) {
      getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
    }
    XCTAssertEqual(theirs, min(own + 5, 19))
    XCTAssertEqual(niceness, own)
  }

  func testThreadHasEverySignalBlocked() throws {
    let isBlocked = try System.runOnThread(niceness: 0) {
      var mask = sigset_t()
      pthread_sigmask(SIG_BLOCK, nil, &mask)
      return [SIGTERM, SIGINT, SIGCHLD, SIGUSR1].allSatisfy { sigismember(&mask, $0) == 1 }
    }
    XCTAssertTrue(isBlocked)
  }
}
