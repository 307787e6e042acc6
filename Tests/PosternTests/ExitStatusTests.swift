import DocumentStore
import Foundation
import Tokens
import XCTest

@testable import Postern

final class ExitStatusTests: XCTestCase {
  func testNumbersAreThoseOfSysexits() {
    XCTAssertEqual(ExitStatus.usage.rawValue, EX_USAGE)
    XCTAssertEqual(ExitStatus.tryAgain.rawValue, EX_TEMPFAIL)
    XCTAssertEqual(ExitStatus.configuration.rawValue, EX_CONFIG)
    XCTAssertEqual(ExitStatus.failure.rawValue, EXIT_FAILURE)
  }

  func testOfAnErrorSaysWhetherSettingsOrAnotherTryHelp() {
    XCTAssertEqual(ExitStatus(of: ConfigurationError("workers must be a number")), .configuration)
    XCTAssertEqual(ExitStatus(of: DocumentStoreError.busy(reason: "x")), .tryAgain)
    for error: any Error in [
      DocumentStoreError.damaged(reason: "x"), DocumentStoreError.unavailable(reason: "x"),
      NoSuchUser(),
    ] {
      XCTAssertNil(ExitStatus(of: error), "\(error)")
    }
    XCTAssertThrowsError(try KeyFile([UInt8]("{}".utf8))) {
      XCTAssertEqual(ExitStatus(of: $0), .configuration)
    }
  }

  func testHelpAndDocumentationHaveEachWithItsMeaning() throws {
    let page = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Docs/commands.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let help = PosternTool.helpMessage(columns: 200)
    for status in ExitStatus.allCases {
      XCTAssertTrue(text.contains("| \(status.rawValue) | \(status.meaning) |"), status.meaning)
      let line = help.split(separator: "\n").first { $0.hasPrefix("  \(status.rawValue) ") }
      XCTAssertEqual(line?.hasSuffix(" \(status.meaning)"), true, help)
    }
  }
}
