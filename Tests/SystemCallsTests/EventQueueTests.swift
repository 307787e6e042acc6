import Foundation
import XCTest

@testable import SystemCalls

final class EventQueueTests: XCTestCase {
  private var readEnd: FileDescriptor?
  private var writeEnd: FileDescriptor?
  private var read: Int32 { readEnd?.number ?? -1 }
  private var write: Int32 { writeEnd?.number ?? -1 }

  override func setUpWithError() throws {
    (readEnd, writeEnd) = try System.pipe()
  }

  override func tearDown() {
    (readEnd, writeEnd) = (nil, nil)
  }

  func testNothingReadyIsNil() throws {
    let queue = try EventQueue()
    XCTAssertNil(try queue.wait(milliseconds: 0))
    try queue.add(read, .everyTime, token: 7)
    XCTAssertNil(try queue.wait(milliseconds: 0))
  }

  func testEveryTimeIsToldForAsLongAsThereIsSomething() throws {
    let queue = try EventQueue()
    try queue.add(read, .everyTime, token: 7)
    Glibc.write(write, "x", 1)
    for _ in 0..<3 { XCTAssertEqual(try queue.wait(milliseconds: 0), 7) }
  }

  func testOnceIsToldOnceUntilRearmed() throws {
    let queue = try EventQueue()
    try queue.add(read, .once, token: 7)
    Glibc.write(write, "x", 1)
    XCTAssertEqual(try queue.wait(milliseconds: 0), 7)
    XCTAssertNil(try queue.wait(milliseconds: 0))
    Glibc.write(write, "y", 1)
    XCTAssertNil(try queue.wait(milliseconds: 0))
    try queue.rearm(read, token: 8)
    XCTAssertEqual(try queue.wait(milliseconds: 0), 8)
    XCTAssertNil(try queue.wait(milliseconds: 0))
  }

  func testEndOfThePeerIsToldToo() throws {
    let queue = try EventQueue()
    try queue.add(read, .once, token: 7)
    writeEnd = nil
    XCTAssertEqual(try queue.wait(milliseconds: 0), 7)
  }

  func testRemovedIsToldNoMore() throws {
    let queue = try EventQueue()
    try queue.add(read, .everyTime, token: 7)
    Glibc.write(write, "x", 1)
    try queue.remove(read)
    XCTAssertNil(try queue.wait(milliseconds: 0))
  }

  func testTokenMayBeAnyNumber() throws {
    let queue = try EventQueue()
    try queue.add(read, .everyTimeShared, token: .max)
    Glibc.write(write, "x", 1)
    XCTAssertEqual(try queue.wait(milliseconds: 0), .max)
  }

  func testClosedDescriptorIsAnErrorWithItsCall() throws {
    let queue = try EventQueue()
    XCTAssertThrowsError(try queue.add(-1, .once, token: 0)) {
      XCTAssertEqual($0 as? SystemCallError, SystemCallError(call: "epoll_ctl", code: EBADF))
    }
  }

  func testH5_raisedFlagWakesAllWhoWait() throws {
    let queue = try EventQueue()
    let flag = try StopFlag()
    try queue.add(flag.descriptor, .everyTime, token: 1)
    let woken = expectation(description: "woken")
    woken.expectedFulfillmentCount = 8
    for _ in 0..<8 {
      Thread {
        if (try? queue.wait(milliseconds: -1)) == 1 { woken.fulfill() }
      }.start()
    }
    flag.raise()
    wait(for: [woken], timeout: 20)
    XCTAssertEqual(try queue.wait(milliseconds: 0), 1, "and whoever comes later")
  }

  func testFlagIsDownUntilRaisedAndStaysUp() throws {
    let flag = try StopFlag()
    XCTAssertEqual(try System.waitForInput([flag.descriptor], milliseconds: 0), [])
    flag.raise()
    flag.raise()
    for _ in 0..<3 {
      XCTAssertEqual(
        try System.waitForInput([flag.descriptor], milliseconds: 0), [flag.descriptor])
    }
  }
}
