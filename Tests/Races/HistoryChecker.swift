/// Decides whether the model explains the history of one user: whether there is an order of all
/// operations, each at one moment between its start and its end, in which every answer is right.
///
/// This is the search of Wing and Gong (1993) in the form of Lowe's just-in-time linearization
/// (2017). It goes through the starts and ends in the order of time and keeps every situation that
/// may be: a state of the model, and which of the operations under way have happened in it. At an
/// operation's end it must have happened, so each situation where it had not is replaced by all
/// those that lead to it by letting it, and others under way before it, happen now.
/// No situation left: no order explains the history.
///
/// **No false alarm.** Whatever really happened is among the situations at all times:
/// - An operation without a known answer may have happened or not: at its end both are kept. When
///   a connection ended, the operation cannot happen later: the kernel closes a dead process's
///   connections only when its last thread is gone. One that was never answered has no end here.
/// - Times of the server are known only by the bounds of the operations, and the model then admits
///   every verdict that some time within them explains (`SessionModel.refreshed`).
/// - What was made by an operation without an answer is nameless until an answer names it, and any
///   answer that gives an unheard-of name may.
/// - Situations are left out only where another one does for them. A step that changes nothing and
///   could not change anything later happens at once where it may (`isSettled`). Of the others
///   under way only those are let happen first that meet the one at its end, directly or by way of
///   others (`Footprint`): the rest may as well happen after it.
/// - When there are very many situations, those that differ only in the times of replacement are
///   put together, with all their times (`widen`). That admits more, never less.
///
/// **Strong.** The state is the user's whole document, not one session's: the limit, lists, ended
/// sessions and lost updates are judged together with the chains of tokens.
struct HistoryChecker {
  private let model: SessionModel
  private let history: [Operation]
  private var situations: Set<Situation>
  private var underWay: [Int: Pending] = [:]
  private var named: Set<Int> = []
  /// The most situations there were at once.
  private(set) var peak = 0

  /// Beyond these many, situations are put together.
  private static let widenAt = 300
  /// Beyond these many, the search gives up, and says so.
  private static let limit = 100_000

  private struct Situation: Hashable {
    var state: SessionModel.State
    /// One bit for each place in `underWay`: whether that step has happened.
    var happened: UInt64 = 0
  }

  private struct Pending {
    let step: SessionModel.Step
    let footprint: Footprint
  }

  /// - Parameter password: the user's first one. There are no sessions yet.
  init(_ history: [Operation], password: Int, model: SessionModel) {
    self.history = history
    self.model = model
    situations = [Situation(state: SessionModel.State(password: password))]
  }

  /// - Returns: what nothing explains; `nil` where all is well.
  mutating func violation() -> String? {
    // Where two times are equal, starts come first: then the two overlap, and either order is fine.
    let events = history.indices.flatMap { [(history[$0].start, 0, $0), (history[$0].end, 1, $0)] }
      .filter { $0.0 != Operation.never }.sorted { $0 < $1 }
    for (time, isEnd, number) in events {
      if isEnd == 0 {
        guard begin(number) else { return "too many operations without an end" }
        continue
      }
      let before = situations
      end(number, at: time)
      if situations.isEmpty { return report(number, before: before) }
      if situations.count > Self.limit { return "gave up before \(history[number])" }
    }
    return nil
  }

  private mutating func begin(_ number: Int) -> Bool {
    for step in SessionModel.steps(of: history[number], number: number) {
      guard let place = (0..<64).first(where: { underWay[$0] == nil }) else { return false }
      underWay[place] = Pending(step: step, footprint: Footprint(step))
    }
    return true
  }

  private mutating func end(_ number: Int, at time: Microseconds) {
    let places = underWay.filter { $0.value.step.number == number }
      .sorted { !$0.value.step.isEndOfPasswordChange && $1.value.step.isEndOfPasswordChange }
    var mask: UInt64 = 0
    for (place, pending) in places {
      mask |= 1 << place
      var after: Set<Situation> = pending.step.isKnown ? [] : situations
      for situation in situations { expand(situation, to: place, into: &after) }
      situations = after
      peak = max(peak, situations.count)
    }
    let horizon = underWay.values.map(\.step.operation.start).reduce(time, min)
    situations = Set(
      situations.map { situation in
        Situation(
          state: model.forgetting(situation.state, before: horizon),
          happened: situation.happened & ~mask)
      })
    if situations.count > Self.widenAt { widen() }
    for (place, _) in places { underWay[place] = nil }
    switch history[number].answer {
    case .token(let session, let token): named.formUnion([session, token])
    case .sessions(let ids): named.formUnion(ids)
    default: break
    }
  }

  // MARK: - What may happen next

  /// Adds every situation in which the step at `target` has happened, and nothing after it.
  private func expand(
    _ situation: Situation, to target: Int, into found: inout Set<Situation>
  ) {
    var seen: Set<Situation> = []
    var rest = [settling(situation)]
    while let next = rest.popLast() {
      guard seen.insert(next).inserted else { continue }
      if next.happened >> target & 1 == 1 {
        found.insert(next)
        continue
      }
      for place in steps(meeting: target, in: next) {
        guard let pending = underWay[place] else { continue }
        for state in model.next(next.state, pending.step, isNew: { !named.contains($0) }) {
          let happened = next.happened | 1 << place
          rest.append(settling(Situation(state: state, happened: happened)))
        }
      }
    }
  }

  /// The steps that could happen in this situation and whose order with the target's may matter.
  private func steps(meeting target: Int, in situation: Situation) -> [Int] {
    var met = [target]
    var others = underWay.keys.filter { place in
      place != target && situation.happened >> place & 1 == 0
    }
    var next = 0
    while next < met.count {
      guard let footprint = underWay[met[next]]?.footprint else { break }
      let newly = others.filter { underWay[$0]?.footprint.meets(footprint) == true }
      others.removeAll(where: newly.contains)
      met += newly
      next += 1
    }
    return met.filter { place in
      // The second step of a password change comes after its first.
      guard let step = underWay[place]?.step, step.isEndOfPasswordChange else { return true }
      let first = underWay.first {
        $0.value.step.number == step.number && !$0.value.step.isEndOfPasswordChange
      }
      return first.map { situation.happened >> $0.key & 1 == 1 } ?? true
    }
  }

  private func settling(_ situation: Situation) -> Situation {
    var situation = situation
    for (place, pending) in underWay where situation.happened >> place & 1 == 0 {
      if isSettled(pending.step, in: situation.state) { situation.happened |= 1 << place }
    }
    return situation
  }

  /// Whether the step may happen now without changing anything, and if it happened later would not
  /// change anything either: a session that has ended stays so, a replaced token stays replaced.
  private func isSettled(_ step: SessionModel.Step, in state: SessionModel.State) -> Bool {
    switch (step.operation.request, step.operation.answer) {
    case (.signOut(let session), .done), (.refresh(let session, _), .tokenWrong):
      guard state.index(of: session) == nil else { return false }
    case (.refresh, .token(let session, _)):
      guard case .refresh(_, let token) = step.operation.request,
        let index = state.index(of: session), state.sessions[index].current != token
      else { return false }
    case (.list, _), (_, .passwordWrong), (_, .notFound), (_, .noSession): break
    default: return false
    }
    return model.next(state, step, isNew: { !named.contains($0) }) == [state]
  }

  /// Puts situations together that differ in nothing but the times of replacement.
  private mutating func widen() {
    var merged: [Situation: SessionModel.State] = [:]
    for situation in situations {
      var key = situation
      key.state = situation.state.withoutTimes
      merged[key] = merged[key]?.widened(by: situation.state) ?? situation.state
    }
    situations = Set(merged.map { Situation(state: $1, happened: $0.happened) })
  }

  private func report(_ number: Int, before: Set<Situation>) -> String {
    let operation = history[number]
    let nearby = history.filter { other in
      other.start <= operation.end && operation.start - other.end < 200_000
    }
    let possible = before.prefix(3).map { "  perhaps \($0.state)" }
    return (["nothing explains \(operation)"] + possible + ["  after and during:"]
      + nearby.suffix(40).map { "    \($0)" }).joined(separator: "\n")
  }
}

extension SessionModel.State {
  fileprivate var withoutTimes: Self {
    var state = self
    for index in state.sessions.indices {
      state.sessions[index].recent = state.sessions[index].recent.map {
        SessionModel.Replaced(token: $0.token, earliest: 0, latest: 0)
      }
    }
    return state
  }

  /// Both states have the same sessions and tokens.
  fileprivate func widened(by other: Self) -> Self {
    var state = self
    for (index, session) in other.sessions.enumerated() {
      for (place, token) in session.recent.enumerated() {
        let own = state.sessions[index].recent[place]
        state.sessions[index].recent[place].earliest = min(own.earliest, token.earliest)
        state.sessions[index].recent[place].latest = max(own.latest, token.latest)
      }
    }
    return state
  }
}
