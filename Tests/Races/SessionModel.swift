/// What the contract says that one user's sessions do, told without a clock and without a store:
/// a state, and for an operation all states that may come next.
///
/// Written from the contract alone; no code of the product is used.
struct SessionModel: Sendable {
  enum WhenFull: String, Sendable {
    case reset
    case evictOldest = "evict-oldest"
  }

  var limit = 5
  var whenFull = WhenFull.reset
  var grace: Microseconds = 1_000_000
  /// How many replaced tokens are remembered.
  var recentLimit = 8
  /// What the two clocks, ours and the server's, may have moved against each other meanwhile.
  var slack: Microseconds = 20_000

  /// One user: the password, and the live sessions in the order in which they began.
  struct State: Hashable, Sendable {
    var password: Int
    var sessions: [Session] = []

    func index(of session: Int) -> Int? { sessions.firstIndex { $0.id == session } }
  }

  /// A number below zero stands for a session or a token that was made by an operation whose
  /// answer got lost. Its name is learnt from the first later answer that tells it.
  struct Session: Hashable, Sendable {
    var id: Int
    var current: Int
    /// The newest first.
    var recent: [Replaced] = []
  }

  /// A token that has a successor, and between which times it got it.
  struct Replaced: Hashable, Sendable {
    let token: Int
    var earliest, latest: Microseconds
  }

  /// One atomic step of an operation. Changing a password is three, one soon after the other: all
  /// other sessions end, the new password counts, and again all other sessions end. A list is two:
  /// the caller is admitted, and the sessions are read.
  struct Step: Sendable {
    let operation: Operation
    /// Of all operations on the user, this one's number.
    let number: Int
    var part = Part.whole

    enum Part {
      case whole, endingBefore, changing, endingAfter, admitting, reading
    }

    var isKnown: Bool { operation.answer != .unknown }
  }

  static func steps(of operation: Operation, number: Int) -> [Step] {
    let parts: [Step.Part] =
      switch (operation.request, operation.answer) {
      case (.changePassword, .done), (.changePassword, .unknown):
        [.endingBefore, .changing, .endingAfter]
      case (.list, .sessions): [.admitting, .reading]
      default: [.whole]
      }
    return parts.map { Step(operation: operation, number: number, part: $0) }
  }

  /// All states that `step` may lead to from `state`; none where its answer cannot be. For an
  /// unknown answer only those that differ: to have done nothing is to have not happened.
  ///
  /// - Parameter hindsight: says which names are new, and when tokens can have been replaced.
  func next(_ state: State, _ step: Step, _ hindsight: Hindsight) -> [State] {
    let operation = step.operation
    switch (operation.request, operation.answer) {
    case (.signIn(let password), .token(let session, let token)):
      let isUnseen =
        hindsight.isNew(session) && hindsight.isNew(token) && !state.mentions(session)
      guard password == state.password, isUnseen else { return [] }
      return [beginning(Session(id: session, current: token), in: state)]
    case (.signIn(let password), .unknown):
      guard password == state.password else { return [] }
      let nameless = -step.number - 1
      return [beginning(Session(id: nameless, current: nameless), in: state)]
    case (.signIn(let password), .passwordWrong):
      return password == state.password ? [] : [state]

    case (.refresh(let session, let token), _):
      return refreshed(state, session, token, step, hindsight)

    case (.signOut(let session), .done), (.signOut(let session), .unknown):
      return [state.without(session)]
    case (.list(let caller), .callerEnded),
      (.endOne(_, let caller), .callerEnded), (.endOthers(let caller), .callerEnded),
      (.changePassword(_, _, let caller), .callerEnded):
      return state.index(of: caller) == nil ? [state] : []
    case (.endOne(let session, let caller), .done), (.endOne(let session, let caller), .unknown):
      let isThere = state.index(of: caller) != nil && state.index(of: session) != nil
      return isThere ? [state.without(session)] : []
    case (.endOne(let session, let caller), .notFound):
      return state.index(of: caller) != nil && state.index(of: session) == nil ? [state] : []
    case (.endOthers(let kept), .done), (.endOthers(let kept), .unknown):
      return state.index(of: kept) == nil ? [] : [state.keeping(kept)]
    case (.list(let caller), .sessions(let ids)):
      if step.part == .admitting { return state.index(of: caller) == nil ? [] : [state] }
      return state.naming(ids, hindsight).map { [$0] } ?? []

    case (.changePassword(let old, let new, let kept), .done),
      (.changePassword(let old, let new, let kept), .unknown):
      if step.part == .endingAfter { return [state.keeping(kept)] }
      guard old == state.password else { return [] }
      if step.part == .endingBefore {
        return state.index(of: kept) == nil ? [] : [state.keeping(kept)]
      }
      var next = state
      next.password = new
      return [next]
    case (.changePassword(let old, _, _), .passwordWrong):
      return old == state.password ? [] : [state]

    default: return []
    }
  }

  private func beginning(_ session: Session, in state: State) -> State {
    var state = state
    if state.sessions.count >= limit {
      switch whenFull {
      case .reset: state.sessions = []
      case .evictOldest: state.sessions.removeFirst(state.sessions.count - limit + 1)
      }
    }
    state.sessions.append(session)
    return state
  }
}

extension SessionModel.State {
  func mentions(_ name: Int) -> Bool {
    sessions.contains { session in
      session.id == name || session.current == name
        || session.recent.contains { $0.token == name }
    }
  }

  func without(_ session: Int) -> Self {
    var state = self
    state.sessions.removeAll { $0.id == session }
    return state
  }

  func keeping(_ session: Int) -> Self {
    var state = self
    state.sessions.removeAll { $0.id != session }
    return state
  }

  /// This state if its sessions are these; those that had no name yet now have one.
  func naming(_ ids: [Int], _ hindsight: Hindsight) -> Self? {
    guard ids.count == sessions.count else { return nil }
    var state = self
    for (index, id) in ids.enumerated() where sessions[index].id != id {
      guard sessions[index].id < 0, hindsight.isNew(id), !state.mentions(id) else { return nil }
      state.sessions[index].id = id
    }
    return state
  }
}
