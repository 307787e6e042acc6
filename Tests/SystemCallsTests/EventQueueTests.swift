import Foundation
import XCTest

@testable import SystemCalls

final class EventQueueTests: XCTestCase {
  private var read = FileDescriptor(-1)
  private var write = FileDescriptor(-1)
  private let batch = EventBatch()

  override func setUpWithError() throws {
    (read, write) = try System.pipe()
  }

  private func next(_ queue: EventQueue, milliseconds: Int32 = 0) throws -> UInt64? {
    if batch.isEmpty { try queue.wait(for: batch, milliseconds: milliseconds) }
    return batch.next()
  }

  func testNothingReadyIsNil() throws {
    let queue = try EventQueue()
    XCTAssertNil(try next(queue))
    try queue.add(read, token: 7)
    XCTAssertNil(try next(queue))
  }

  func testDescriptorIsToldForAsLongAsThereIsSomething() throws {
    let queue = try EventQueue()
    try queue.add(read, token: 7)
    Glibc.write(write.number, "x", 1)
    for _ in 0..<3 { XCTAssertEqual(try next(queue), 7) }
  }

  func testEndOfThePeerIsToldToo() throws {
    let queue = try EventQueue()
    try queue.add(read, token: 7)
    write = FileDescriptor(-1)
    XCTAssertEqual(try next(queue), 7)
  }

  func testRemovedIsToldNoMoreUntilItIsAddedAgain() throws {
    let queue = try EventQueue()
    try queue.add(read, token: 7)
    Glibc.write(write.number, "x", 1)
    try queue.remove(read)
    XCTAssertNil(try next(queue))
    try queue.add(read, token: 8)
    XCTAssertEqual(try next(queue), 8)
  }

  func testTokenMayBeAnyNumber() throws {
    let queue = try EventQueue()
    try queue.add(read, isShared: true, token: .max)
    Glibc.write(write.number, "x", 1)
    XCTAssertEqual(try next(queue), .max)
  }

  func testAllThatAreReadyAreToldAtOnce() throws {
    let queue = try EventQueue()
    let pipes = try (0..<8).map { _ in try System.pipe() }
    for (token, pipe) in pipes.enumerated() { try queue.add(pipe.0, token: UInt64(token)) }
    for pipe in pipes { Glibc.write(pipe.1.number, "x", 1) }
    try queue.wait(for: batch, milliseconds: 0)
    var told: Set<UInt64> = []
    while let token = batch.next() { told.insert(token) }
    XCTAssertEqual(told, Set(0..<8))
  }

  func testClosedDescriptorIsAnErrorWithItsCall() throws {
    let queue = try EventQueue()
    XCTAssertThrowsError(try queue.add(FileDescriptor(-1), token: 0)) {
      XCTAssertEqual($0 as? SystemCallError, SystemCallError(call: "epoll_ctl", code: EBADF))
    }
  }

  func testH5_raisedFlagWakesAllWhoWait() throws {
    let queue = try EventQueue()
    let flag = try StopFlag()
    try queue.add(flag.descriptor, token: 1)
    let woken = expectation(description: "woken")
    woken.expectedFulfillmentCount = 8
    for _ in 0..<8 {
      Thread {
        let batch = EventBatch()
        if (try? queue.wait(for: batch, milliseconds: -1)) != nil, batch.next() == 1 {
          woken.fulfill()
        }
      }.start()
    }
    flag.raise()
    wait(for: [woken], timeout: 20)
    XCTAssertEqual(try next(queue), 1, "and whoever comes later")
  }

  func testFlagIsDownUntilRaisedAndStaysUp() throws {
    let flag = try StopFlag()
    let number = flag.descriptor.number
    XCTAssertEqual(try System.waitForInput([number], milliseconds: 0), [])
    flag.raise()
    flag.raise()
    for _ in 0..<3 {
      XCTAssertEqual(try System.waitForInput([number], milliseconds: 0), [number])
    }
  }

  func testDisownedDescriptorIsNotClosed() throws {
    let copy = dup(read.number)
    do {
      let descriptor = FileDescriptor(copy)
      descriptor.disown()
    }
    XCTAssertEqual(fcntl(copy, F_GETFD) == -1, false)
    do { _ = FileDescriptor(copy) }
    XCTAssertEqual(fcntl(copy, F_GETFD), -1)
  }
}
