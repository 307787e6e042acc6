/// What a refresh does: rotate, replay or reuse.
extension SessionModel {
  /// The server judges a token's age by the time at which the request came in, and a token counts
  /// as replaced from the time at which the request that replaced it came in. Of both times only
  /// the operations' own bounds are known. So near the end of the grace either verdict is right.
  func refreshed(
    _ state: State, _ session: Int, _ token: Int, _ step: Step, _ hindsight: Hindsight
  ) -> [State] {
    let operation = step.operation
    guard let index = state.index(of: session) else {
      let expected = state.sessions.isEmpty ? Answer.noSession : .tokenWrong
      return operation.answer == expected ? [state] : []
    }
    let found = state.sessions[index]
    if found.current == token {
      return rotated(state, index, step, hindsight)
    }
    let replaced = found.recent.first { $0.token == token }
    switch operation.answer {
    case .token(session, let answered):
      guard let replaced, canBeReplay(operation, of: replaced) else { return [] }
      if found.current == answered { return [state] }
      guard found.current < 0, hindsight.isNew(answered), !state.mentions(answered) else {
        return []
      }
      var next = state
      next.sessions[index].current = answered
      if let parent = found.recent.first {
        next.sessions[index].recent[0] = hindsight.replacement(of: parent.token, by: answered)
      }
      return [next]
    case .tokenWrong, .unknown:
      if let replaced, !canBeReuse(operation, of: replaced) { return [] }
      return [state.without(session)]
    default:
      return []
    }
  }

  private func rotated(
    _ state: State, _ index: Int, _ step: Step, _ hindsight: Hindsight
  ) -> [State] {
    let operation = step.operation
    let session = state.sessions[index]
    let successor: Int
    let replaced: Replaced
    switch operation.answer {
    case .token(session.id, let token) where hindsight.isNew(token) && !state.mentions(token):
      successor = token
      replaced = hindsight.replacement(of: session.current, by: token)
    case .unknown:
      successor = -step.number - 1
      replaced = Replaced(
        token: session.current, earliest: operation.start, latest: operation.end)
    default:
      return []
    }
    var next = state
    next.sessions[index].recent = Array(([replaced] + session.recent).prefix(recentLimit))
    next.sessions[index].current = successor
    return [next]
  }

  private func canBeReplay(_ operation: Operation, of token: Replaced) -> Bool {
    token.latest == Operation.never || operation.start - token.latest < grace + slack
  }

  private func canBeReuse(_ operation: Operation, of token: Replaced) -> Bool {
    operation.end == Operation.never || operation.end - token.earliest >= grace - slack
  }

  /// The same state without what can make no difference any longer: tokens at the end of the
  /// recent list whose grace is over for all requests that come in from `time` on.
  func forgetting(_ state: State, before time: Microseconds) -> State {
    var state = state
    for index in state.sessions.indices {
      while let last = state.sessions[index].recent.last,
        last.latest != Operation.never, last.latest + grace + slack <= time
      {
        state.sessions[index].recent.removeLast()
      }
    }
    return state
  }
}
