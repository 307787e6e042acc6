import Foundation
import Logging
import SecurityEvents
import XCTest

final class EventTableTests: XCTestCase {
  /// The rows of the table in Docs/events.md: name and level.
  private func rows() throws -> [String: String] {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Docs/events.md")
    let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
    let rows = lines.filter { $0.hasPrefix("| `") }.map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    return Dictionary(
      uniqueKeysWithValues: rows.map { ($0[0].trimmingCharacters(in: ["`"]), $0[1]) })
  }

  func testTheTableHasEveryEventWithItsLevelAndNoOther() throws {
    let events = Dictionary(
      uniqueKeysWithValues: SecurityEvent.allCases.map { ($0.rawValue, "\($0.level)") })
    XCTAssertEqual(try rows(), events)
  }

  func testMessagesTellEventsApart() {
    let messages = SecurityEvent.allCases.map(\.message)
    XCTAssertEqual(Set(messages).count, messages.count)
  }

  func testFieldsOfAnEventThatIsNotLoggedAreNotMade() {
    var logger = Logger(label: "test") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .info
    func fields() -> Logger.Metadata {
      XCTFail("made")
      return [:]
    }
    logger.record(.refreshRotated, fields())
    logger.record(.loginFailed, level: .debug, fields())
  }
}
