import Foundation
import XCTest

@testable import Sessions

/// All interleavings, up to a length, of an owner whose answers get lost, of a thief who has copied
/// a token and not the attempt that goes with it, and of sleep beyond the grace. Each is played
/// twice: as it is, and with the attempts left out.
final class InterleavingTests: XCTestCase {
  func testP3_anOwnerByTheRulesIsNeverSignedOutWhereNoThiefActs() {
    play([.askAndHear, .askInVain, .sleep], length: 9) { steps, run in
      if !run.isLive || run.fault != nil { XCTFail("\(run.fault ?? "signed out"): \(steps)") }
    }
  }

  func testP5_theftIsFoundWhereverTheChainDivergesAndAnAttemptOnlyMakesUpForSleep() {
    var (count, found, pardoned) = (0, 0, 0)
    play(Step.allCases, length: 7) { steps, run in
      if let fault = run.fault { XCTFail("\(fault): \(steps)") }
      count += 1
      if run.thiefHasActed, !run.isLive { found += 1 }
      if run.pardons > 0, run.isLive { pardoned += 1 }
    }
    XCTAssertGreaterThan(count, 100_000)
    XCTAssertGreaterThan(found, 0)
    XCTAssertGreaterThan(pardoned, 0)
  }

  /// Each way to go on until `length` or the session's end.
  private func play(
    _ alphabet: [Step], length: Int, _ steps: [Step] = [], _ run: Run = Run(),
    end: ([Step], Run) -> Void
  ) {
    guard run.isLive, run.fault == nil, steps.count < length else { return end(steps, run) }
    for step in alphabet where run.allows(step) {
      var next = run
      next.take(step)
      play(alphabet, length: length, steps + [step], next, end: end)
    }
  }
}

private enum Step: CaseIterable {
  /// The owner refreshes, by the rules for attempts.
  case askAndHear, askInVain
  /// The owner refreshes from a client that knows no attempts.
  case askPlainlyAndHear, askPlainlyInVain
  case sleep
  /// The thief copies the owner's token.
  case steal
  /// The thief presents the newest token that it has, or the one that it stole.
  case useNewest, useStolen
}

private struct Run {
  private static let grace: TimeInterval = 30

  /// One person's view: places in the chain.
  private struct Holder {
    var token: Int?
    var attempt: Int?
  }

  /// The chain as it is, and with no attempts.
  private var chains = [Chain(), Chain()]
  private let sessions: [Session]
  /// Ids of the tokens, in their order, in both.
  private var ids: [[String]]
  /// For each token: when it was replaced, and by which attempt.
  private var replaced: [Int: (time: TimeInterval, attempt: Int?)] = [:]
  private var now: TimeInterval = 0
  private var owner = Holder(token: 0)
  private var thief = Holder()
  private var stolen: Int?
  private var attempts = 0
  private(set) var thiefHasActed = false
  private(set) var isLive = true
  /// How often an attempt was answered that the grace would have refused.
  private(set) var pardons = 0
  private(set) var fault: String?

  init() {
    sessions = [chains[0].begin(at: 0), chains[1].begin(at: 0)]
    ids = sessions.map { [$0.current.id] }
  }

  func allows(_ step: Step) -> Bool {
    switch step {
    case .steal: stolen == nil
    case .useNewest: thief.token != nil
    case .useStolen: stolen != nil && thief.token != stolen
    default: true
    }
  }

  mutating func take(_ step: Step) {
    switch step {
    case .askAndHear, .askInVain:
      if owner.attempt == nil {
        attempts += 1
        owner.attempt = attempts
      }
      guard let next = present(owner.token, attempt: owner.attempt, isThief: false),
        step == .askAndHear
      else { return }
      owner = Holder(token: next)
    case .askPlainlyAndHear, .askPlainlyInVain:
      guard let next = present(owner.token, attempt: nil, isThief: false),
        step == .askPlainlyAndHear
      else { return }
      owner.token = next
    case .sleep: now += Self.grace + 1
    case .steal: (stolen, thief.token) = (owner.token, owner.token)
    case .useNewest: thief.token = present(thief.token, attempt: nil, isThief: true)
    case .useStolen: thief.token = present(stolen, attempt: nil, isThief: true)
    }
  }

  /// Returns the token that the answer holds.
  private mutating func present(_ token: Int?, attempt: Int?, isThief: Bool) -> Int? {
    guard let token else { return nil }
    now += 1
    thiefHasActed = thiefHasActed || isThief
    let before = chains[1].user
    let (decision, session) = chains[0].refresh(
      sessions[0], with: ids[0][token], attempt: attempt.map { "attempt \($0)" }, at: now)
    var (plain, _) = chains[1].refresh(sessions[1], with: ids[1][token], at: now)
    if plain == .reuse, decision == .replay {
      // The same as if the owner had slept less: the one difference that there may be.
      chains[1].user = before
      plain = .replay
      pardons += 1
      check(
        !isThief && token == ids[0].count - 2 && attempt != nil
          && attempt == replaced[token]?.attempt, "pardoned")
    }
    check(decision == plain, "differs")
    if let replaced = replaced[token] {
      let isLate = now - replaced.time >= Self.grace
      let isDivergent = token < ids[0].count - 2 || isThief || attempt != replaced.attempt
      if isLate, isDivergent || attempt == nil { check(decision == .reuse, "not found") }
      if !isLate { check(decision == .replay, "refused within the grace") }
    } else {
      check(decision == .rotate, "refused")
      replaced[token] = (now, attempt)
      for index in chains.indices {
        ids[index].append(chains[index].user.sessions.first?.current.id ?? "none")
      }
    }
    isLive = !chains[0].user.sessions.isEmpty
    check(isLive == (decision != .reuse), "not ended")
    guard let session else { return nil }
    check(session.current.id == ids[0].last, "another chain")
    return ids[0].count - 1
  }

  private mutating func check(_ holds: Bool, _ what: String) {
    if !holds { fault = fault ?? what }
  }
}
