import Synchronization
import XCTest

/// Counts what was tried, and prints the table when all tests have ended.
final class Tally: NSObject, XCTestObservation, Sendable {
  static let shared: Tally = {
    let tally = Tally()
    XCTestObservationCenter.shared.addTestObserver(tally)
    return tally
  }()

  private let rows = Mutex<[(kind: String, name: String, tried: Int, violations: Int)]>([])

  func add(_ kind: String, _ name: String, tried: Int, violations: Int) {
    rows.withLock { $0.append((kind, name, tried, violations)) }
    print("  \(kind), \(name): \(tried) tried, \(violations) violations")
  }

  func testBundleDidFinish(_ testBundle: Bundle) {
    let rows = rows.withLock { $0 }
    guard !rows.isEmpty else { return }
    func pad(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }
    var kinds: [String] = []
    for row in rows where !kinds.contains(row.kind) { kinds.append(row.kind) }
    print("\n\(pad("", 24))\(pad("", 34))   tried  violations")
    for kind in kinds {
      let own = rows.filter { $0.kind == kind }
      for row in own { line(kind, row.name, row.tried, row.violations) }
      if own.count > 1 {
        line(
          kind, "all", own.map(\.tried).reduce(0, +), own.map(\.violations).reduce(0, +))
      }
    }
    func line(_ kind: String, _ name: String, _ tried: Int, _ violations: Int) {
      print("\(pad(kind, 24))\(pad(name, 34))\(leading(tried, 8))\(leading(violations, 12))")
    }
    func leading(_ number: Int, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: " ", count: max(0, width - text.count)) + text
    }
  }
}

/// Whether the long run is asked for.
let isLong = !(ProcessInfo.processInfo.environment["POSTERN_TEST_LONG"] ?? "").isEmpty
