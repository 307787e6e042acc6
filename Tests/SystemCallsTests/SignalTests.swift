import Glibc
import XCTest

@testable import SystemCalls

/// Signals go to the thread of the test alone, and not to others of this process.
final class SignalTests: XCTestCase {
  private var mask = sigset_t()

  override func setUp() {
    pthread_sigmask(SIG_SETMASK, nil, &mask)
  }

  override func tearDown() {
    pthread_sigmask(SIG_SETMASK, &mask, nil)
  }

  func testSignalsComeThroughTheQueueAndNoOtherWay() throws {
    let queue = try SignalQueue([SIGUSR1, SIGUSR2])
    XCTAssertNil(try queue.next())
    XCTAssertEqual(try System.waitForInput([queue.descriptor], milliseconds: 0), [])
    pthread_kill(pthread_self(), SIGUSR2)
    XCTAssertEqual(
      try System.waitForInput([queue.descriptor], milliseconds: 0), [queue.descriptor])
    XCTAssertEqual(try queue.next(), SIGUSR2)
    XCTAssertNil(try queue.next())
  }

  func testSignalsOfTwoKindsComeEachOnce() throws {
    let queue = try SignalQueue([SIGUSR1, SIGUSR2])
    for _ in 0..<3 {
      pthread_kill(pthread_self(), SIGUSR1)
      pthread_kill(pthread_self(), SIGUSR2)
    }
    XCTAssertEqual([try queue.next(), try queue.next()], [SIGUSR1, SIGUSR2])
    XCTAssertNil(try queue.next())
  }

  func testBlockedSignalsInterruptNothing() throws {
    let queue = try SignalQueue([SIGUSR1])
    System.blockSignals()
    pthread_kill(pthread_self(), SIGUSR1)
    var pending = sigset_t()
    sigpending(&pending)
    XCTAssertEqual(sigismember(&pending, SIGUSR1), 1)
    XCTAssertEqual(try queue.next(), SIGUSR1)
  }

  func testWritingToAClosedPipeIsAnErrorAndNoDeath() throws {
    System.ignoreWriteSignals()
    let write = try System.pipe().write
    XCTAssertThrowsError(try System.write([1], to: write)) {
      XCTAssertEqual($0 as? SystemCallError, SystemCallError(call: "write", code: EPIPE))
    }
  }
}
