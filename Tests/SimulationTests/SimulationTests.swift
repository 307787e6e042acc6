import Foundation
import XCTest

@testable import Simulation

final class SimulationTests: XCTestCase {
  /// All but one: a late copy of a request is taken for a thief's, Docs/simulation.md.
  private static let withoutLateCopies = Set(Hazard.allCases).subtracting([.lateRequest])

  private func simulate(
    _ rule: RuleName = .postern, _ hazards: Set<Hazard> = withoutLateCopies, devices: Int = 40,
    days: Double = 20, seed: UInt64 = 1, threads: Int = 2
  ) throws -> Tally {
    try Simulation(rule: rule, hazards: hazards, devices: devices, days: days, seed: seed)
      .run(threads: threads)
  }

  func testNobodyIsSignedOutByAccidentWithoutLateCopiesAndNoTheftIsMissed() throws {
    let tally = try simulate()
    XCTAssertEqual(tally.accidents, 0)
    XCTAssertEqual(tally.allThefts.missed, 0)
    XCTAssertGreaterThan(tally.refreshes, 5000)
  }

  func testResultDependsOnTheSeedAndNotOnTheThreads() throws {
    let tally = try simulate(days: 10)
    XCTAssertEqual(try simulate(days: 10, threads: 1), tally)
    XCTAssertNotEqual(try simulate(days: 10, seed: 2), tally)
  }

  func testEachHazardCanBeSwitchedOnAlone() throws {
    let usual = try simulate(.noGrace, [], devices: 10, days: 10)
    XCTAssertEqual(usual.accidents, 0)
    XCTAssertEqual(usual.allThefts.count, 0)
    for hazard in Hazard.allCases {
      let tally = try simulate(.noGrace, [hazard], devices: 10, days: 10)
      XCTAssertGreaterThan(tally.refreshes, 0, hazard.rawValue)
      XCTAssertEqual(tally.allThefts.count > 0, hazard == .theft, hazard.rawValue)
    }
  }

  func testLostAnswersAndSleepSignOutByAccidentWhereThereAreNoAttempts() throws {
    let hazards: Set<Hazard> = [.lostAnswer, .offline, .sleep]
    XCTAssertEqual(try simulate(.postern, hazards).accidents, 0)
    XCTAssertGreaterThan(try simulate(.noAttempts, hazards).accidents, 0)
    XCTAssertGreaterThan(try simulate(.noGrace, hazards).accidents, 0)
    XCTAssertGreaterThan(try simulate(.rotation, hazards).accidents, 0)
  }

  func testDoorkeeperMissesThefts() throws {
    let tally = try simulate(.doorkeeper, [.theft])
    XCTAssertGreaterThan(tally.allThefts.missed, 0)
    XCTAssertEqual(tally.allThefts.detected, 0)
    XCTAssertEqual(try simulate(.postern, [.theft]).allThefts.missed, 0)
  }

  func testSuperTokensTakesALateCopyForATheft() throws {
    let tally = try simulate(.superTokens, [.lateRequest], days: 60)
    XCTAssertGreaterThan(tally.accidents, 0)
  }

  func testTraceOfAnAccidentIsShortAndReplays() throws {
    let tally = try simulate(.noAttempts, [.lostAnswer, .offline, .sleep])
    let trace = try XCTUnwrap(tally.traces.first)
    XCTAssertTrue(try trace.endsInRefusal(under: .noAttempts))
    let short = try trace.shortened(under: .noAttempts)
    XCTAssertLessThanOrEqual(short.events.count, trace.events.count)
    XCTAssertEqual(short.events.first?.kind, .signIn)
    XCTAssertEqual(try Trace(json: Data(short.json.utf8)), short)
    XCTAssertTrue(try short.endsInRefusal(under: .noAttempts))
  }

  /// The answer to a refresh is lost, and the device sleeps for three hours.
  private static let sleepAfterLostAnswer = """
    {"rule":"postern-without-attempts","events":[
    {"at":0,"clock":0,"kind":"sign-in","outcome":"answered","who":"sign-in"},
    {"at":950,"attempt":1,"clock":0,"kind":"refresh","outcome":"answer lost","token":0,"who":"tab 0"},
    {"at":11800,"attempt":1,"clock":0,"kind":"refresh","outcome":"refused","token":0,"who":"tab 0"}
    ]}
    """

  func testHandMadeTraceIsAnAccidentOnlyWithoutAttempts() throws {
    let trace = try Trace(json: Data(Self.sleepAfterLostAnswer.utf8))
    XCTAssertEqual(try trace.replay(under: .postern), [.answered, .answered, .answered])
    XCTAssertEqual(try trace.replay(under: .superTokens), [.answered, .answered, .answered])
    for rule in [RuleName.noAttempts, .noGrace, .rotation, .leeway] {
      XCTAssertTrue(try trace.endsInRefusal(under: rule), rule.rawValue)
    }
  }

  func testReplayHasWorkersKilledBeforeAndAfterTheirChange() throws {
    var trace = try Trace(json: Data(Self.sleepAfterLostAnswer.utf8))
    trace.events[1].outcome = .workerKilled
    XCTAssertTrue(try trace.endsInRefusal(under: .noAttempts))
    trace.events[1].outcome = .workerKilledBefore
    XCTAssertFalse(try trace.endsInRefusal(under: .noAttempts))
  }
}
