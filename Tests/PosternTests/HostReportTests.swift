import DocumentStore
import Foundation
import MemoryDocumentStore
import XCTest

@testable import Postern

final class HostReportTests: XCTestCase {
  private let time = Date(timeIntervalSince1970: 1_800_000_000)

  private func report(_ host: String, seenBefore seconds: Int) -> HostReport {
    HostReport(
      host: host, pid: 7, version: "1", startedAt: 1_799_999_000, seenAt: 1_800_000_000 - seconds,
      serving: 3, workers: 4, requests: 5)
  }

  func testAHostThatSaysNothingIsSilentAndIsForgottenAfterAnHour() throws {
    let store = MemoryDocumentStore()
    for (host, seconds) in [("new", 0), ("b", 35), ("a", 36), ("old", 3600)] {
      try store.update(HostReport.self, host) { $0 = report(host, seenBefore: seconds) }
    }
    let reports = try HostReport.all(in: store, at: time)
    XCTAssertEqual(reports.map(\.host), ["a", "b", "new"])
    XCTAssertEqual(reports.map { $0.isSilent(at: time) }, [true, false, false])
    try HostReport.sweep(store, at: time, pause: {})
    XCTAssertEqual(Set(try store.keys(of: HostReport.self)), ["a", "b", "new"])
  }

  func testTheTableHasALineForEachHost() throws {
    let table = HostTable(
      [report("a", seenBefore: 1), report("b\u{1B}[2J", seenBefore: 60)], at: time)
    let lines = table.text.split(separator: "\n")
    XCTAssertEqual(lines.count, 3)
    XCTAssertTrue(lines[1].hasSuffix("3/4         5    runs"), "\(lines[1])")
    XCTAssertTrue(lines[2].hasSuffix("silent"), "\(lines[2])")
    XCTAssertFalse(table.text.contains("\u{1B}"))
    XCTAssertTrue(
      try table.json.hasPrefix(#"{"hosts":[{"host":"a","isSilent":false,"pid":7,"requests":5,"#),
      try table.json)
    XCTAssertEqual(HostTable([], at: time).text, "no host says that it runs")
  }
}
