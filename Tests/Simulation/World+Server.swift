/// What the server does, and the simulation's knowledge of why.
extension World {
  func signIn(_ device: Int) throws {
    let times = strikes(.lostAnswer, Rates.lostAnswer) ? 2 : 1
    for _ in 0..<times {
      let before = try rule.liveSessions(at: serverTime)
      let session = sessions.count
      let issued = try rule.begin(session: session, at: serverTime)
      if let before, let after = try rule.liveSessions(at: serverTime) {
        for ended in before.subtracting(after) { finish(ended, .limit) }
      }
      sessions.append(
        Known(endsAt: serverTime + Double(sessionLifetime), begun: now))
      record(session, .signIn, who: "sign-in", token: nil, attempt: nil)
      tally.signIns += 1
      let token = Token(session: session, origin: 0, issued: issued)
      browsers[device].session = session
      let tab = browsers[device].tabs.indices.randomElement(using: &random) ?? 0
      save(token, device, tab, isSignIn: true)
    }
    browsers[device].isSignedIn = true
    for tab in browsers[device].tabs.indices { calm(device, tab) }
  }

  func signOut(_ device: Int) throws {
    let tokens =
      browsers[device].keeper == .memory
      ? browsers[device].tabs.compactMap(\.token) : [browsers[device].token].compactMap(\.self)
    for token in tokens {
      try rule.end(token, at: serverTime)
      finish(token.session, .asked)
    }
    forget(device)
  }

  /// Notes why a session has ended, the first reason only.
  func finish(_ session: Int, _ reason: Tally.Reason) {
    if sessions[session].end == nil { sessions[session].end = reason }
  }

  func arrive(_ request: Request, _ fate: Fate) throws {
    // The browser has taken it back.
    guard !request.isGivenUp || fate.isLate else { return }
    tally.refreshes += 1
    let session = request.token.session
    let who = "device \(request.device), tab \(request.tab), page \(request.page)"
    let event = record(
      session, .refresh, who: who, token: request.token.origin, attempt: request.attempt)
    request.event = event
    let refusal: Trace.Event.Outcome = request.isGivenUp ? .refusedUnheard : .refused
    if serverTime >= Double(request.token.issued.expiresAt) {
      request.answer = .forbidden
      note(refusal, of: request)
    } else {
      do {
        let verdict = try rule.refresh(
          request.token, attempt: request.attempt, at: serverTime, death: fate.death)
        switch verdict {
        case .tokens(let issued):
          request.answer = .tokens(Token(session: session, origin: event, issued: issued))
          note(fate.back == nil ? .answerLost : .answered, of: request)
          for theft in sessions[session].thefts { thefts[theft].ownerGotIn(at: now) }
        case .refused, .reuse:
          request.answer = .forbidden
          note(refusal, of: request)
          if case .reuse = verdict { foundReuse(session) }
        }
      } catch is WorkerKilled {
        // nginx says so: 502.
        request.answer = .trouble
        note(fate.death == .afterCommit ? .workerKilled : .workerKilledBefore, of: request)
      }
    }
    if let back = fate.back { queue.plan(.answer(request), at: now + back) }
  }

  func foundReuse(_ session: Int) {
    for theft in sessions[session].thefts where thefts[theft].firstUse != nil {
      if thefts[theft].detectedAt == nil { thefts[theft].detectedAt = now }
    }
    if sessions[session].thefts.contains(where: { thefts[$0].firstUse != nil }) {
      finish(session, .theft)
    }
  }

  /// Why the server said no to what a browser sent; `nil` where nothing accounts for it.
  func reason(for request: Request) -> Tally.Reason? {
    let known = sessions[request.token.session]
    if let end = known.end { return end }
    if serverTime >= known.endsAt { return .end }
    if serverTime >= Double(request.token.issued.expiresAt) { return .absence }
    if known.thefts.contains(where: { thefts[$0].firstUse != nil }) { return .theft }
    return nil
  }

  // The trace

  @discardableResult
  func record(
    _ session: Int, _ kind: Trace.Event.Kind, who: @autoclosure () -> String, token: Int?,
    attempt: Int?
  ) -> Int {
    let known = sessions[session]
    sessions[session].trace.append(
      Trace.Event(
        at: ((now - known.begun) * 1000).rounded() / 1000, clock: clockOffset, who: who(),
        kind: kind, token: token, attempt: attempt, outcome: .answered))
    return known.trace.count
  }

  func note(_ outcome: Trace.Event.Outcome, of request: Request) {
    guard let event = request.event else { return }
    sessions[request.token.session].trace[event].outcome = outcome
  }
}
