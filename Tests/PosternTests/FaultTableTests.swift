import Foundation
import XCTest

/// `Tests/FAULTS.md` and the names of the tests say the same.
final class FaultTableTests: XCTestCase {
  private static let tests = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The ids of the table's rows, in their order.
  private func rows() throws -> [String] {
    let text = try String(
      contentsOf: Self.tests.appendingPathComponent("FAULTS.md"), encoding: .utf8)
    return text.split(separator: "\n").compactMap { line in
      line.firstMatch(of: /^\| ([A-Z][0-9]+) \|/).map { String($0.1) }
    }
  }

  /// The ids in the names of all tests, with one test for each.
  private func named() throws -> [String: String] {
    var named: [String: String] = [:]
    let folder = Self.tests.path
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder)
    for file in files where [".swift", ".py", ".js"].contains(where: file.hasSuffix) {
      guard !file.contains("node_modules"),
        let text = try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
      else { continue }
      let swift = text.matches(of: /func test((?:[A-Z][0-9]+_)+)/).map(\.1)
      let python = text.matches(of: /def test_((?:[A-Z][0-9]+_)+)/).map(\.1)
      let script = text.matches(of: /test\(["`]((?:[A-Z][0-9]+ )*[A-Z][0-9]+)\b/).map(\.1)
      for ids in swift + python + script {
        for id in ids.split(whereSeparator: { "_ ".contains($0) }) { named[String(id)] = file }
      }
    }
    return named
  }

  func testEveryRowHasATestThatIsNamedForIt() throws {
    let named = try named()
    // The invariants are held to after faults of all kinds.
    XCTAssertEqual(try rows().filter { named[$0] == nil && !$0.hasPrefix("V") }, [])
  }

  func testEveryFaultThatATestIsNamedForIsARow() throws {
    let rows = Set(try rows())
    XCTAssertGreaterThan(rows.count, 150)
    XCTAssertEqual(try named().filter { !rows.contains($0.key) }, [:])
  }

  func testEveryRowStandsOnceAndInItsPlace() throws {
    let rows = try rows()
    XCTAssertEqual(Set(rows).count, rows.count)
    for (one, next) in zip(rows, rows.dropFirst()) where one.first == next.first {
      let numbers = [one, next].compactMap { Int($0.dropFirst()) }
      XCTAssertLessThan(numbers[0], numbers[1], "\(one), \(next)")
    }
  }
}
