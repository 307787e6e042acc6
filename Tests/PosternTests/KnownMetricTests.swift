import Foundation
import XCTest

@testable import Postern

/// The rows of the tables of a page in Docs, each begun by a name in backticks, without these.
func documentedRows(_ page: String) throws -> [[String]] {
  let text = try String(contentsOf: repositoryFile("Docs/\(page)"), encoding: .utf8)
  return text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
    var cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    cells[0] = cells[0].trimmingCharacters(in: ["`"])
    return cells
  }
}

func repositoryFile(_ path: String) -> URL {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(path)
}

final class KnownMetricTests: XCTestCase {
  func testTheTableHasEveryMetricAndNoOther() throws {
    let rows = KnownMetric.all.map { metric in
      [
        metric.name, metric.type, metric.labels.joined(separator: ", "),
        String(metric.help.dropLast()),
      ]
    }
    // A cell without anything in it is only a space.
    XCTAssertEqual(try documentedRows("metrics.md"), rows)
  }

  /// One line each, without what the text format would have to escape.
  func testHelpIsOneLine() {
    for metric in KnownMetric.all {
      XCTAssertFalse(metric.help.contains { $0 == "\\" || $0.isNewline }, metric.name)
      XCTAssertTrue(metric.help.hasSuffix("."), metric.name)
    }
  }

  func testDashboardAndAlertsNameMetricsThatThereAre() throws {
    let names = Set(KnownMetric.all.map(\.name))
    let histograms = KnownMetric.all.filter { $0.type == "histogram" }.map(\.name)
    let inParts = Set(histograms.flatMap { ["\($0)_bucket", "\($0)_sum", "\($0)_count"] })
    for path in [
      "Deploy/grafana/postern.json", "Deploy/prometheus/rules.yml",
      "Deploy/prometheus/rules-test.yml",
    ] {
      let text = try String(contentsOf: repositoryFile(path), encoding: .utf8)
      let used = Set(
        text.matches(of: /postern_[a-z_]+/).map { String($0.output) })
      XCTAssertGreaterThan(used.count, 5, path)
      XCTAssertEqual(
        used.subtracting(names.subtracting(histograms)).subtracting(inParts), [], path)
    }
  }

  func testTheDashboardShowsEveryMetric() throws {
    let text = try String(
      contentsOf: repositoryFile("Deploy/grafana/postern.json"), encoding: .utf8)
    XCTAssertNotNil(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    for metric in KnownMetric.all { XCTAssertTrue(text.contains(metric.name), metric.name) }
  }
}
