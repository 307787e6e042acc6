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
///   could not change anything later happens at once where it may (`settled`). Of the others
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
  /// Each in the first place that was free when it began.
  private var underWay: [(place: Int, step: SessionModel.Step)] = []
  private var ended: [Bool]
  private var hindsight: Hindsight
  /// How many situations were looked at for the present operation.
  private var effort = 0
  /// The most situations there were at once.
  private(set) var peak = 0

  /// Beyond these many, situations are put together.
  private static let widenAt = 300
  /// So many situations are looked at for the end of one operation. Beyond, the search gives up,
  /// and says so: that is no violation, but nothing is shown either.
  private static let limit = 400_000

  private struct Situation: Hashable {
    var state: SessionModel.State
    /// One bit for each place in `underWay`: whether that step has happened.
    var happened: UInt64 = 0
  }

  /// - Parameter password: the user's first one. There are no sessions yet.
  init(_ history: [Operation], password: Int, model: SessionModel) {
    self.history = history
    self.model = model
    ended = Array(repeating: false, count: history.count)
    hindsight = Hindsight(history)
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
      effort = 0
      end(number, at: time)
      if effort >= Self.limit { return "gave up at \(history[number])" }
      if situations.isEmpty { return report(number, before: before) }
    }
    return nil
  }

  private mutating func begin(_ number: Int) -> Bool {
    for step in SessionModel.steps(of: history[number], number: number) {
      let free = (0..<64).first { place in !underWay.contains { $0.place == place } }
      guard let free else { return false }
      underWay.append((free, step))
    }
    return true
  }

  private mutating func end(_ number: Int, at time: Microseconds) {
    // Its parts in their order.
    let ending = underWay.filter { $0.step.number == number }
    var mask: UInt64 = 0
    for (place, step) in ending {
      mask |= 1 << place
      var after: Set<Situation> = step.isKnown ? [] : situations
      for situation in situations { expand(situation, to: place, into: &after) }
      situations = after
      peak = max(peak, situations.count)
    }
    let horizon = underWay.map(\.step.operation.start).reduce(time, min)
    situations = Set(
      situations.map { situation in
        Situation(
          state: model.forgetting(situation.state, before: horizon),
          happened: situation.happened & ~mask)
      })
    if situations.count > Self.widenAt { widen() }
    underWay.removeAll { $0.step.number == number }
    ended[number] = true
    hindsight.note(history[number].answer)
  }

  // MARK: - What may happen next

  /// Adds every situation in which the step at `target` has happened, and nothing after it.
  private mutating func expand(
    _ situation: Situation, to target: Int, into found: inout Set<Situation>
  ) {
    var seen: Set<Situation> = []
    var rest = [settling(situation)]
    while effort < Self.limit, let next = rest.popLast() {
      guard seen.insert(next).inserted else { continue }
      effort += 1
      if next.happened >> target & 1 == 1 {
        found.insert(next)
        continue
      }
      for (place, step) in steps(meeting: target, in: next) {
        for state in model.next(next.state, step, hindsight) {
          let happened = next.happened | 1 << place
          rest.append(settling(Situation(state: state, happened: happened)))
        }
      }
    }
  }

  /// The steps that could happen in this situation and whose order with the target's may matter.
  private func steps(
    meeting target: Int, in situation: Situation
  ) -> [(place: Int, step: SessionModel.Step)] {
    let left = underWay.filter { situation.happened >> $0.place & 1 == 0 }
    var company = Footprint.Company()
    for (_, step) in left { company.add(step) }
    let footprints = left.map { _, step in
      Footprint(step, in: situation.state, among: company, limit: model.limit)
    }
    var met = left.indices.filter { left[$0].place == target }
    var others = left.indices.filter { left[$0].place != target }
    var next = 0
    while next < met.count {
      let footprint = footprints[met[next]]
      met += others.filter { footprints[$0].meets(footprint) }
      others.removeAll { footprints[$0].meets(footprint) }
      next += 1
    }
    return met.map { left[$0] }.filter { place, step in
      // The parts of an operation come in their order.
      left.first { $0.step.number == step.number }?.place == place
    }
  }

  /// Lets happen what may as well happen now as later.
  private func settling(_ situation: Situation) -> Situation {
    var situation = situation
    var isSettled = false
    while !isSettled {
      isSettled = true
      for (place, step) in underWay where situation.happened >> place & 1 == 0 {
        // The parts of an operation come in their order.
        let first = underWay.first {
          $0.step.number == step.number && situation.happened >> $0.place & 1 == 0
        }
        guard first?.place == place, let state = settled(step, in: situation) else { continue }
        situation.happened |= 1 << place
        if state != situation.state { isSettled = false }
        situation.state = state
      }
    }
    return situation
  }

  /// The state after the step, if it may happen now and loses nothing by that; there are two kinds.
  ///
  /// One changes nothing now, and if it happened later would not change anything either: a session
  /// that has ended stays so, a replaced token stays replaced.
  ///
  /// The other is a rotation that is sure: nothing else can replace its token
  /// (`Hindsight.rivals`). It must happen before anything that ends the session, and the order with
  /// all else does not matter, unless an answer is still to come that gives that very token.
  private func settled(
    _ step: SessionModel.Step, in situation: Situation
  ) -> SessionModel.State? {
    let state = situation.state
    var isRotation = false
    switch (step.operation.request, step.operation.answer) {
    case (.signOut(let session), .done), (.refresh(let session, _), .tokenWrong):
      guard state.index(of: session) == nil else { return nil }
    case (.refresh(_, let token), .token(let session, _)):
      guard let index = state.index(of: session) else { return nil }
      isRotation = state.sessions[index].current == token
      if isRotation {
        guard hindsight.rivals(of: step.operation).allSatisfy({ ended[$0] }),
          isGiven(token, in: situation)
        else { return nil }
      }
    case (.list, _), (_, .passwordWrong), (_, .notFound), (_, .noSession): break
    default: return nil
    }
    let next = model.next(state, step, hindsight)
    guard next.count == 1, isRotation || next[0] == state else { return nil }
    return next[0]
  }

  /// Whether all operations that were answered with this token have happened.
  private func isGiven(_ token: Int, in situation: Situation) -> Bool {
    (hindsight.answered[token] ?? []).allSatisfy { number in
      ended[number]
        || underWay.contains {
          $0.step.number == number && situation.happened >> $0.place & 1 == 1
        }
    }
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
    return
      (["nothing explains \(operation)"] + possible + ["  after and during:"]
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
