import Foundation
import Glibc
import TestSupport
import XCTest

@testable import Postern

final class PIDFileTests: TemporaryFolderTestCase {
  private var path: String { "\(folder)/postern.pid" }
  private func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  func testHoldsThePIDOfThisProcessAndIsRemoved() throws {
    let file = try PIDFile(path)
    XCTAssertEqual(try text(), "\(getpid())\n")
    file.remove()
    XCTAssertEqual(try files(), [])
  }

  func testH13_secondOneIsRefusedAndLeavesTheFirstAlone() throws {
    let first = try PIDFile(path)
    XCTAssertThrowsError(try PIDFile(path)) { error in
      XCTAssertEqual("\(error)", "another postern is running: \(path) is locked")
    }
    XCTAssertEqual(try text(), "\(getpid())\n")
    first.remove()
  }

  func testFileThatADeadProcessLeftBehindIsTakenOver() throws {
    try Data("99999999999999\n".utf8).write(to: URL(fileURLWithPath: path))
    let file = try PIDFile(path)
    XCTAssertEqual(try text(), "\(getpid())\n")
    file.remove()
  }

  func testEverybodyMayReadItWhateverTheUmaskAndWhoeverMadeIt() throws {
    let old = umask(0o077)
    defer { umask(old) }
    for _ in 0..<2 {
      let file = try PIDFile(path)
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      XCTAssertEqual(attributes[.posixPermissions] as? Int, 0o644)
      withExtendedLifetime(file) {}
      chmod(path, 0o600)
    }
  }

  func testH14_linkAndFolderAreRefused() throws {
    let target = "\(folder)/precious"
    try Data("precious".utf8).write(to: URL(fileURLWithPath: target))
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    XCTAssertThrowsError(try PIDFile(path))
    XCTAssertEqual(try String(contentsOfFile: target, encoding: .utf8), "precious")
    XCTAssertThrowsError(try PIDFile(folder))
  }
}
