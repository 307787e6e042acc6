import Foundation
import SystemCalls
import TestSupport
import XCTest

@testable import FastCGI

final class ListeningSocketTests: TemporaryFolderTestCase {
  private var path: String { "\(folder)/s" }

  private func listen(at path: String) throws -> ListeningSocket {
    try ListeningSocket(path: path)
  }

  private func assertRefuses(
    _ path: String, _ reason: String, file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertThrowsError(try listen(at: path), file: file, line: line) {
      XCTAssertTrue($0 is ListeningSocketError, file: file, line: line)
      XCTAssertTrue("\($0)".contains(reason), "\($0)", file: file, line: line)
    }
  }

  func testH16_onlyOwnerAndGroupMayConnectWhateverTheUmask() throws {
    for mask: mode_t in [0o000, 0o022, 0o077, 0o777] {
      let old = umask(mask)
      defer { umask(old) }
      let socket = try listen(at: path)
      XCTAssertEqual(try System.status(ofPath: path)?.st_mode, S_IFSOCK | 0o660)
      withExtendedLifetime(socket) {}
      unlink(path)
    }
  }

  func testH13_socketThatSomebodyListensAtIsRefusedAndStays() throws {
    let first = try listen(at: path)
    assertRefuses(path, "another process listens here")
    XCTAssertNoThrow(try FastCGIClient(path: path))
    withExtendedLifetime(first) {}
  }

  func testH3_listenerThatEndsSoonIsWaitedFor() throws {
    let first = try listen(at: path)
    Thread {
      usleep(200_000)
      shutdown(first.descriptor.number, Int32(SHUT_RDWR))
    }.start()
    let second = try ListeningSocket(path: path, patience: .seconds(10))
    XCTAssertNoThrow(try FastCGIClient(path: path))
    withExtendedLifetime(second) {}
  }

  func testSocketOfADeadProcessIsReplaced() throws {
    _ = try listen(at: path)
    XCTAssertThrowsError(try FastCGIClient(path: path))
    let second = try listen(at: path)
    XCTAssertNoThrow(try FastCGIClient(path: path))
    withExtendedLifetime(second) {}
  }

  func testH14_anythingElseAtThePathIsRefusedAndStays() throws {
    try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
    assertRefuses(path, "something else")
    XCTAssertEqual(try String(contentsOfFile: path, encoding: .utf8), "precious")

    let folder = "\(folder)/folder"
    mkdir(folder, 0o700)
    assertRefuses(folder, "something else")
    XCTAssertEqual(try System.status(ofPath: folder).map { $0.st_mode & S_IFMT }, S_IFDIR)

    let link = "\(self.folder)/link"
    symlink(path, link)
    assertRefuses(link, "something else")
    XCTAssertEqual(try System.status(ofPath: link).map { $0.st_mode & S_IFMT }, S_IFLNK)
  }

  func testH14_pathOf107BytesIsTheLongest() throws {
    let longest = "\(folder)/" + String(repeating: "s", count: 107 - folder.utf8.count - 1)
    XCTAssertNoThrow(try listen(at: longest))
    XCTAssertNotNil(try System.status(ofPath: longest))
    assertRefuses(longest + "s", "longer than 107 bytes")
    assertRefuses("/" + String(repeating: "s", count: 5_000), "longer than 107 bytes")
  }

  func testH14_H15_pathWithColonIsAPathAndNoPort() throws {
    let socket = try listen(at: "\(folder)/a:9000")
    XCTAssertNoThrow(try FastCGIClient(path: "\(folder)/a:9000"))
    withExtendedLifetime(socket) {}
  }

  func testH14_missingParentIsRefusedByName() {
    assertRefuses("\(folder)/missing/s", "No such file or directory")
  }

  func testF21_socketIsNotPassedToChildren() throws {
    let socket = try listen(at: path)
    XCTAssertEqual(fcntl(socket.descriptor.number, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC)
  }
}
