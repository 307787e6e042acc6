import Foundation
import XCTest

@testable import Sessions

/// Random histories against a model that forgets nothing and decides from the whole history.
final class HistoryTests: XCTestCase {
  func testV3_V4_randomHistoriesAgreeWithTheModel() {
    var source = SystemRandomNumberGenerator()
    let seeds = (1...60).map(UInt64.init) + (0..<20).map { _ in source.next() }
    for seed in seeds where !agrees(seed: seed) {
      return XCTFail("history of seed \(seed) differs")
    }
  }

  private func agrees(seed: UInt64) -> Bool {
    var random = SplitMix64(state: seed)
    var chain = Chain()
    chain.policy = SessionPolicy(
      limit: Int.random(in: 1...5, using: &random),
      whenFull: Bool.random(using: &random) ? .reset : .evictOldest,
      grace: [0, 10, 30].randomElement(using: &random) ?? 30,
      refreshLifetime: 300, sessionLifetime: 900)
    var model = Model(policy: chain.policy)
    var seconds: TimeInterval = 0

    for step in 0..<250 {
      seconds += [0, 0.25, 1, 9, 31, 120].randomElement(using: &random) ?? 0
      if model.sessions.isEmpty || Int.random(in: 0..<8, using: &random) == 0 {
        let session = chain.begin(at: seconds)
        model.begin(session.id, token: session.current.id, at: seconds)
      } else {
        guard let session = model.sessions.randomElement(using: &random),
          let token = pick(from: session.tokens, &random)
        else { return false }
        let (decision, refreshed) = chain.user.refresh(
          with: PresentedToken(session: session.id, id: token, fingerprint: nil),
          at: Chain.time(seconds), policy: chain.policy)
        let expected = model.refresh(
          session.id, with: token, at: seconds, successor: refreshed?.current.id)
        guard decision == expected, refreshed?.current.id == model.answer else {
          XCTFail("seed \(seed), step \(step): \(decision) where \(expected) was due")
          return false
        }
      }
      let live = chain.user.sessions.filter { $0.isLive(at: Chain.time(seconds)) }
      let expected = model.live(at: seconds)
      guard live.map(\.id) == expected.map(\.id),
        live.map(\.current.id) == expected.map(\.tokens.last?.id),
        live.count <= chain.policy.limit
      else {
        XCTFail("seed \(seed), step \(step): other sessions live")
        return false
      }
    }
    return true
  }

  /// The current token as often as not, else any that the session ever had.
  private func pick(from tokens: [Model.Token], _ random: inout SplitMix64) -> String? {
    let isCurrent = Bool.random(using: &random)
    let recent = isCurrent ? tokens.suffix(1) : tokens.suffix(random.next() % 4 == 0 ? 12 : 3)
    return recent.randomElement(using: &random)?.id
  }
}

private struct Model {
  struct Token {
    let id: String
    let issued: TimeInterval
    var replaced: TimeInterval?
  }

  struct Session {
    let id: String
    let begun: TimeInterval
    var tokens: [Token]
    var isRevoked = false
  }

  let policy: SessionPolicy
  /// All that ever were, the revoked too.
  var sessions: [Session] = []
  /// The token that the latest refresh has to hand out.
  var answer: String?

  func isLive(_ session: Session, at now: TimeInterval) -> Bool {
    guard !session.isRevoked, let current = session.tokens.last else { return false }
    let end = session.begun + TimeInterval(policy.sessionLifetime)
    let expiry = min(
      current.issued.rounded(.down) + TimeInterval(policy.refreshLifetime), end.rounded(.down))
    return now < expiry
  }

  func live(at now: TimeInterval) -> [Session] { sessions.filter { isLive($0, at: now) } }

  mutating func begin(_ id: String, token: String, at now: TimeInterval) {
    var live = live(at: now)
    while live.count >= policy.limit {
      let first = live.removeFirst()
      for index in sessions.indices
      where sessions[index].id == first.id || policy.whenFull == .reset {
        sessions[index].isRevoked = true
      }
      if policy.whenFull == .reset { live = [] }
    }
    sessions.append(Session(id: id, begun: now, tokens: [Token(id: token, issued: now)]))
  }

  mutating func refresh(
    _ id: String, with token: String, at now: TimeInterval, successor: String?
  ) -> RefreshDecision {
    answer = nil
    guard let index = sessions.firstIndex(where: { $0.id == id }), isLive(sessions[index], at: now)
    else { return live(at: now).isEmpty ? .noSession : .unknownSession }
    let tokens = sessions[index].tokens
    guard let place = tokens.firstIndex(where: { $0.id == token }) else { return .reuse }
    if let replaced = tokens[place].replaced {
      if now - replaced < policy.grace, tokens.count - 1 - place <= 8 {
        answer = tokens.last?.id
        return .replay
      }
      sessions[index].isRevoked = true
      return .reuse
    }
    // One successor, and one that no session ever had.
    let isFresh = !sessions.contains { $0.tokens.contains { $0.id == successor } }
    guard let successor, isFresh else { return .reuse }
    sessions[index].tokens[place].replaced = now
    sessions[index].tokens.append(Token(id: successor, issued: now))
    answer = successor
    return .rotate
  }
}

/// Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014).
private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
