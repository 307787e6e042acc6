import Foundation
import Logging
import XCTest

@testable import Postern

final class JSONLogTests: XCTestCase {
  private func line(_ message: String, _ metadata: Logger.Metadata = [:]) -> String {
    LineLogHandler.json(
      at: Date(timeIntervalSince1970: 1_800_000_000.25), .notice, message, metadata)
  }

  private func members(_ line: String) throws -> [String: String] {
    XCTAssertEqual(line.filter(\.isNewline), "\n", line)
    return try XCTUnwrap(
      JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String], line)
  }

  func testLineHasTimeLevelMessageAndSortedPairs() {
    XCTAssertEqual(
      line("hello there", ["b": "2", "a": "1"]),
      #"{"time":"2027-01-15T08:00:00.250Z","level":"notice","message":"hello there","a":"1","b":"2"}"#
        + "\n")
  }

  func testN2_everyScalarIsReadAsItWasAndNoneMovesTheReadersEye() throws {
    let scalars = (0...0x10ffff as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init)
    for start in stride(from: 0, to: scalars.count, by: 509) {
      var text = ""
      text.unicodeScalars.append(contentsOf: scalars[start..<min(start + 509, scalars.count)])
      let line = line(text, ["k": "\(text)"])
      let members = try members(line)
      XCTAssertEqual(Array((members["message"] ?? "").utf8), Array(text.utf8))
      XCTAssertEqual(Array((members["k"] ?? "").utf8), Array(text.utf8))
      XCTAssertFalse(
        line.dropLast().unicodeScalars.contains { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator: true
          default: false
          }
        })
    }
  }

  func testN2_longTextsAreCut() throws {
    let long = String(repeating: "\u{1}", count: 1 << 20)
    let line = line(long, ["k": "\(long)", "z": "last"])
    XCTAssertLessThan(line.utf8.count, 8_192)
    XCTAssertEqual(try members(line)["z"], "last")
  }

  func testN2_pairsCannotPassForTimeLevelOrMessage() throws {
    let members = try members(
      line("m", ["level": "critical", "time": "never", "message": "x", "a\"b": "c"]))
    XCTAssertEqual(members["level"], "notice")
    XCTAssertEqual(members["message"], "m")
    XCTAssertEqual(members["level_"], "critical")
    XCTAssertEqual(members["a\"b"], "c")
  }

  func testTheFormatIsTextOnATerminalAloneUnlessItIsSet() throws {
    XCTAssertTrue(LogFormat.json.isJSON)
    XCTAssertFalse(LogFormat.text.isJSON)
    for format in LogFormat.allCases {
      let configuration = try PosternConfiguration.load(
        file: nil, environment: ["POSTERN_LOG_FORMAT": format.rawValue])
      XCTAssertEqual(configuration.logFormat, format)
    }
    XCTAssertThrowsError(
      try PosternConfiguration.load(file: nil, environment: ["POSTERN_LOG_FORMAT": "xml"]))
  }
}
