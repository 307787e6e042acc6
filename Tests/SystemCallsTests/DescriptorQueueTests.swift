import Glibc
import SystemCalls
import XCTest

final class DescriptorQueueTests: XCTestCase {
  func testWhatIsPassedIsTakenInItsOrderAndIsTheSameFile() throws {
    let queue = try DescriptorQueue()
    let pipes = try (0..<3).map { _ in try System.pipe() }
    for pipe in pipes { try queue.pass(pipe.write) }
    for (number, pipe) in pipes.enumerated() {
      let taken = try XCTUnwrap(try queue.take())
      XCTAssertNotEqual(taken.number, pipe.write.number)
      try System.write([UInt8(number)], to: taken)
      XCTAssertEqual(try System.read(pipe.read, limit: 1), [UInt8(number)])
    }
  }

  func testEmptyQueueIsNilAtOnce() throws {
    XCTAssertNil(try DescriptorQueue().take())
  }

  func testWhatIsInTheQueueStaysOpenWhenTheOneWhoPassedItHasClosedIt() throws {
    let queue = try DescriptorQueue()
    let reader: FileDescriptor
    do {
      let (read, write) = try System.pipe()
      reader = read
      try queue.pass(write)
    }
    let taken = try XCTUnwrap(try queue.take())
    try System.write([7], to: taken)
    XCTAssertEqual(try System.read(reader, limit: 1), [7])
  }

  func testFullQueueIsAnErrorAndNoWait() throws {
    let queue = try DescriptorQueue()
    let pipe = try System.pipe()
    XCTAssertThrowsError(try { for _ in 0..<100_000 { try queue.pass(pipe.read) } }()) {
      XCTAssertEqual(($0 as? SystemCallError)?.code, EAGAIN)
    }
    var taken = 0
    while try queue.take() != nil { taken += 1 }
    XCTAssertGreaterThan(taken, 100, "as many connections as a web server keeps")
  }

  func testF21_takenDescriptorsAreClosedInChildren() throws {
    let queue = try DescriptorQueue()
    try queue.pass(System.pipe().read)
    let taken = try XCTUnwrap(try queue.take())
    XCTAssertNotEqual(fcntl(taken.number, F_GETFD) & FD_CLOEXEC, 0)
  }
}
