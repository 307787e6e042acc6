import ArgumentParser
import Foundation
import Simulation

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "script/simulate",
    abstract: "Years of phones and laptops in virtual time, and who is signed out by accident.",
    discussion: """
      The rule of Postern is its own code; the rules of others are as they are published. \
      Docs/simulation.md says what is simulated. The exit status is 1 where Postern's rule, as it is, \
      signed anybody out by accident or missed a theft.
      """)

  @Option(help: "How many devices.") var devices = 5000
  @Option(help: "For how many days.") var days = 200.0
  @Option(help: "What all chance comes from; otherwise a new one each time.") var seed: UInt64?
  @Option(help: "One of: \(RuleName.allCases.map(\.rawValue).joined(separator: ", ")).")
  var rule = RuleName.postern
  @Flag(help: "Prints a table of all rules.") var compare = false
  @Option(
    help: """
      Only these hazards, by commas, of: \(Hazard.allCases.map(\.rawValue).joined(separator: ", ")).
      """)
  var only: String?
  @Option(help: "Writes the first accident's trace to this file.") var trace: String?
  @Option(help: "Replays a trace under the rule, and simulates nothing.") var replay: String?

  func run() throws {
    if let replay { return try replayTrace(at: replay) }
    let seed = seed ?? UInt64.random(in: 0...UInt64.max)
    print("seed \(seed), \(devices) devices, \(days) days")
    let hazards = try hazards()
    var isGood = true
    if compare { print(Report.tableHead) }
    for rule in compare ? RuleName.allCases : [rule] {
      let simulation = Simulation(
        rule: rule, hazards: hazards, devices: devices, days: days, seed: seed)
      let begin = ContinuousClock.now
      let tally = try simulation.run()
      let report = Report(rule: rule, tally: tally, took: ContinuousClock.now - begin)
      print(compare ? report.tableRow : report.text)
      if !compare, let first = tally.traces.first { try show(first) }
      if rule == .postern, tally.accidents > 0 || tally.allThefts.missed > 0 { isGood = false }
    }
    if !isGood { throw ExitCode(1) }
  }

  private func hazards() throws -> Set<Hazard> {
    guard let only else { return Set(Hazard.allCases) }
    return try Set(
      only.split(separator: ",").map { name in
        guard let hazard = Hazard(rawValue: String(name)) else {
          throw ValidationError("There is no hazard \(name).")
        }
        return hazard
      })
  }

  private func show(_ first: Trace) throws {
    let short = try first.shortened(under: rule)
    print("the first accident, \(short.events.count) of its \(first.events.count) events:")
    print(short.json, terminator: "")
    if let trace { try Data(short.json.utf8).write(to: URL(filePath: trace)) }
  }

  private func replayTrace(at path: String) throws {
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    let trace = try Trace(json: file.readToEnd() ?? Data())
    for (event, outcome) in zip(trace.events, try trace.replay(under: rule)) {
      let token = event.token.map { ", token of event \($0)" } ?? ""
      let attempt = event.attempt.map { ", attempt \($0)" } ?? ""
      print(
        "\(event.at) s, \(event.who): \(event.kind.rawValue)\(token)\(attempt): \(outcome.rawValue)"
      )
    }
    guard try trace.endsInRefusal(under: rule) else { return print("nobody is signed out") }
    print("signed out by accident")
    throw ExitCode(1)
  }
}

extension RuleName: ExpressibleByArgument {}
