import XCTest

@testable import Simulation

final class SimulationTests: XCTestCase {
  func testNobodyIsSignedOutByAccidentAndNoTheftIsMissed() throws {
    let tally = try Simulation(devices: 100, days: 30, seed: 1).run()
    XCTAssertEqual(tally.accidents, 0)
    XCTAssertEqual(tally.allThefts.missed, 0)
  }
}
