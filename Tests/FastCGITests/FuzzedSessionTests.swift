import Foundation
import TestSupport
import XCTest

@testable import FastCGI

final class FuzzedSessionTests: ResponderTestCase {
  func testA19_noSessionKeepsAConnectionOrHoldsUpOthers() throws {
    let seed = UInt64.random(in: .min ... .max)
    print("fuzzed sessions of seed \(seed)")
    var sessions = FuzzedSessions(seed: seed, path: "/hello")
    let before = try openDescriptors()
    for number in 0..<1_500 {
      XCTAssertTrue(
        try FastCGIClient.run(sessions.next(), path: "\(folder)/s"),
        "session \(number) of seed \(seed)")
    }
    try assertServesOthers()
    for _ in 0..<2_000 where try openDescriptors() > before { usleep(1_000) }
    XCTAssertLessThanOrEqual(try openDescriptors(), before, "seed \(seed)")
  }

  private func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
  }
}
