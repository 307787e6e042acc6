import Glibc
import TestSupport
import XCTest

@testable import SystemCalls

final class SocketTests: TemporaryFolderTestCase {
  func testH14_unixAddressIsAtMost107Bytes() throws {
    XCTAssertEqual(System.longestSocketPath, 107)
    let path = "\(folder)/" + String(repeating: "s", count: 107 - folder.utf8.count - 1)
    let socket = try System.streamSocket()
    try System.bind(socket, toPath: path)
    XCTAssertNotNil(try System.status(ofPath: path))
    XCTAssertThrowsError(try System.bind(socket, toPath: path + "s")) {
      XCTAssertEqual(($0 as? SystemCallError)?.code, ENAMETOOLONG)
    }
  }

  func testSocketPathCountsBytesNotCharacters() throws {
    for (count, code) in [(53, ENOENT), (54, ENAMETOOLONG)] {
      let path = "/" + String(repeating: "é", count: count)
      XCTAssertThrowsError(try System.isListening(atPath: path)) {
        XCTAssertEqual(($0 as? SystemCallError)?.code, code)
      }
    }
  }

  func testListeningIsToldFromNotListening() throws {
    let path = "\(folder)/s"
    let socket = try System.streamSocket()
    try System.bind(socket, toPath: path)
    XCTAssertFalse(try System.isListening(atPath: path))
    XCTAssertFalse(System.isListeningSocket(socket.number))
    try System.listen(socket, backlog: 1)
    XCTAssertTrue(try System.isListening(atPath: path))
    XCTAssertTrue(System.isListeningSocket(socket.number))
  }

  func testFullBacklogIsListening() throws {
    let path = "\(folder)/s"
    let socket = try System.streamSocket()
    try System.bind(socket, toPath: path)
    try System.listen(socket, backlog: 0)
    for _ in 0..<3 { XCTAssertTrue(try System.isListening(atPath: path)) }
  }

  func testH17_whatIsNoSocketIsNotListening() throws {
    let (read, write) = try System.pipe()
    let file = try System.open("/dev/null", O_RDONLY)
    for number in [read.number, write.number, file.number, -1] {
      XCTAssertFalse(System.isListeningSocket(number))
    }
  }

  func testAcceptTakesWhoWaitsAndDoesNotWait() throws {
    let path = "\(folder)/s"
    let socket = try System.streamSocket()
    try System.bind(socket, toPath: path)
    try System.listen(socket, backlog: 8)
    XCTAssertNil(try System.accept(socket))
    XCTAssertTrue(try System.isListening(atPath: path))
    let accepted = try XCTUnwrap(System.accept(socket))
    XCTAssertEqual(fcntl(accepted.number, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC)
    XCTAssertEqual(fcntl(accepted.number, F_GETFL) & O_NONBLOCK, 0)
    XCTAssertNil(try System.accept(socket))
  }
}
