import Foundation

/// What the server was asked within one session, from the sign-in to the request that signed the
/// person out. A test can replay it, under any rule.
public struct Trace: Codable, Equatable, Sendable {
  public struct Event: Codable, Equatable, Sendable {
    public enum Kind: String, Codable, Sendable {
      case signIn = "sign-in"
      case refresh
      /// An access token is shown that came with the refresh token.
      case use
    }

    public enum Outcome: String, Codable, Sendable {
      case answered
      case refused
      /// The client had given it up, or its page was left.
      case refusedUnheard = "refused, and nobody waits for the answer"
      case answerLost = "answer lost"
      /// The browser kept the cookie in the answer's head; its body was lost.
      case bodyLost = "body lost"
      case workerKilled = "worker killed after its change"
      case workerKilledBefore = "worker killed before its change"
    }

    /// Seconds since the sign-in, by a right clock.
    public var at: Double
    /// By how many seconds the server's clock is ahead.
    public var clock: Double
    /// The tab that asks; its page is another after each reload.
    public var who: String
    public var kind: Kind
    /// The event whose answer held the refresh token.
    public var token: Int?
    public var attempt: Int?
    public var outcome: Outcome
  }

  public var rule: String
  public var events: [Event]

  public init(rule: String, events: [Event]) {
    self.rule = rule
    self.events = events
  }

  public init(json: Data) throws {
    self = try JSONDecoder().decode(Trace.self, from: json)
  }

  /// One event a line.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = events.map { event in
      (try? encoder.encode(event)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
    return "{\"rule\":\"\(rule)\",\"events\":[\n" + lines.joined(separator: ",\n") + "\n]}\n"
  }

  /// The outcomes under a rule: `refused`, or `answered` where there was an answer, be it lost.
  ///
  /// Events that show a token which nobody was given are refused.
  public func replay(under rule: RuleName) throws -> [Event.Outcome] {
    var server = rule.make()
    var tokens: [Int: Token] = [:]
    var outcomes: [Event.Outcome] = []
    let start = World.start
    for (number, event) in events.enumerated() {
      let time = start + event.at + event.clock
      outcomes.append(.refused)
      switch event.kind {
      case .signIn:
        let issued = try server.begin(session: 0, at: time)
        tokens[number] = Token(session: 0, origin: number, issued: issued)
      case .use:
        guard let token = event.token.flatMap({ tokens[$0] }) else { continue }
        server.use(token)
      case .refresh:
        guard let token = event.token.flatMap({ tokens[$0] }), time < Double(token.issued.expiresAt)
        else { continue }
        let death: Death? =
          switch event.outcome {
          case .workerKilled: .afterCommit
          case .workerKilledBefore: .beforeCommit
          default: nil
          }
        do {
          let attempt = server.takesAttempts ? event.attempt : nil
          let verdict = try server.refresh(token, attempt: attempt, at: time, death: death)
          guard case .tokens(let issued) = verdict else { continue }
          tokens[number] = Token(session: 0, origin: number, issued: issued)
        } catch is WorkerKilled {}
      }
      outcomes[number] = .answered
    }
    return outcomes
  }

  /// Whether only the last request is refused.
  public func endsInRefusal(under rule: RuleName) throws -> Bool {
    let outcomes = try replay(under: rule)
    return outcomes.last == .refused && !outcomes.dropLast().contains(.refused)
  }

  /// The same accident with as few events as leaving parts out, half of them first, comes to. What
  /// became of the token that is refused, and of the one that replaced it, stays.
  public func shortened(under rule: RuleName) throws -> Trace {
    let story = story
    var left = events.indices.filter { !story.contains($0) }
    var length = left.count
    while length > 0 {
      var place = 0
      while place < left.count {
        var fewer = left
        fewer.removeSubrange(place..<min(place + length, left.count))
        if try keeping(story.union(fewer)).endsInRefusal(under: rule) {
          left = fewer
        } else {
          place += length
        }
      }
      length /= 2
    }
    return keeping(story.union(left))
  }

  /// The sign-in, the last event, those that gave or showed its token, and the first that showed
  /// what each of these gave.
  private var story: Set<Int> {
    guard let token = events.last?.token else { return Set(events.indices) }
    let shown = events.indices.filter { events[$0].token == token }
    let next = shown.compactMap { giver in events.firstIndex { $0.token == giver } }
    return Set(shown + next + [0, token])
  }

  /// Who was given a token by an event that is left out shows the one that was shown for it.
  private func keeping(_ kept: Set<Int>) -> Trace {
    let kept = kept.sorted()
    let places = Dictionary(uniqueKeysWithValues: zip(kept, kept.indices))
    let rest = kept.map { number in
      var event = events[number]
      while let token = event.token, places[token] == nil { event.token = events[token].token }
      event.token = event.token.flatMap { places[$0] }
      return event
    }
    return Trace(rule: rule, events: rest)
  }
}
