/// postern.js: when it refreshes, when it tries again, and when it takes a no for a no.
extension World {
  private static let sends = 3
  private static let patience = 10.0
  private static let longestPause = 2.0
  /// For another tab's refresh.
  private static let longestQueue = 15.0

  // What a browser keeps

  private func kept(_ device: Int, _ tab: Int) -> Token? {
    let browser = browsers[device]
    return browser.keeper == .memory ? browser.tabs[tab].token : browser.token
  }

  private func access(_ device: Int, _ tab: Int) -> Access? {
    let browser = browsers[device]
    return browser.keeper == .local ? browser.access : browser.tabs[tab].access
  }

  private func slot(_ device: Int, _ tab: Int) -> Slot {
    let browser = browsers[device]
    return browser.keeper == .memory ? browser.tabs[tab].slot : browser.slot
  }

  private func set(_ slot: Slot, _ device: Int, _ tab: Int) {
    if browsers[device].keeper == .memory {
      browsers[device].tabs[tab].slot = slot
    } else {
      browsers[device].slot = slot
    }
  }

  /// Keeps an answer, then makes the next attempt.
  func save(_ token: Token, _ device: Int, _ tab: Int, isSignIn: Bool) {
    let access = Access(token: token, expiresAt: serverTime + Self.accessLifetime)
    switch browsers[device].keeper {
    case .cookie:
      if isSignIn { browsers[device].token = token }
      browsers[device].tabs[tab].access = access
    case .local:
      browsers[device].token = token
      browsers[device].access = access
    case .memory:
      browsers[device].tabs[tab].token = token
      browsers[device].tabs[tab].access = access
    }
    if isSignIn { set(Slot(attempt: newNumber()), device, tab) }
  }

  /// Signed out: for all tabs, in memory mode too, since the person signs in again at once.
  func forget(_ device: Int) {
    browsers[device].isSignedIn = false
    browsers[device].token = nil
    browsers[device].access = nil
    browsers[device].slot = Slot()
    for tab in browsers[device].tabs.indices {
      browsers[device].tabs[tab].request?.isGivenUp = true
      calm(device, tab)
      browsers[device].tabs[tab].access = nil
      browsers[device].tabs[tab].token = nil
    }
  }

  func calm(_ device: Int, _ tab: Int) {
    browsers[device].tabs[tab].request = nil
    browsers[device].tabs[tab].waitsUntil = nil
    browsers[device].tabs[tab].queuesSince = nil
    browsers[device].tabs[tab].isInTrouble = false
    browsers[device].tabs[tab].failures = 0
  }

  /// The page is left for another one of the same site. Its request ends with it.
  func reload(_ device: Int, _ tab: Int) {
    browsers[device].tabs[tab].request?.isGivenUp = true
    let page = browsers[device].tabs[tab].page + 1
    browsers[device].tabs[tab] = Tab()
    browsers[device].tabs[tab].page = page
  }

  // Refreshing

  /// The page wants something that takes an access token.
  func use(_ device: Int, tab: Int) throws {
    let place = browsers[device].tabs[tab]
    if place.request != nil || (place.waitsUntil ?? 0) > now { return }
    if let access = freshAccess(device, tab) {
      if watchesUse { show(access, device, tab) }
      return
    }
    guard kept(device, tab) != nil else { return }
    browsers[device].tabs[tab].sends = 0
    send(device, tab)
  }

  private func freshAccess(_ device: Int, _ tab: Int) -> Access? {
    access(device, tab).flatMap { serverTime < $0.expiresAt ? $0 : nil }
  }

  /// Some rules look at access tokens.
  private func show(_ access: Access, _ device: Int, _ tab: Int) {
    rule.use(access.token)
    if sessions[access.token.session].trace.last?.token != access.token.origin {
      record(
        access.token.session, .use, who: "device \(device), tab \(tab)",
        token: access.token.origin, attempt: nil)
    }
  }

  private func send(_ device: Int, _ tab: Int) {
    if browsers[device].tabs.contains(where: { $0.request != nil }) {
      let since = browsers[device].tabs[tab].queuesSince ?? now
      browsers[device].tabs[tab].queuesSince = since
      if now - since < Self.longestQueue { return pause(device, tab, 0.1) }
    }
    browsers[device].tabs[tab].queuesSince = nil
    // Another tab may have refreshed meanwhile.
    if freshAccess(device, tab) != nil { return calm(device, tab) }
    browsers[device].tabs[tab].sends += 1
    browsers[device].tabs[tab].waitsUntil = nil
    browsers[device].tabs[tab].isInTrouble = false
    var slot = slot(device, tab)
    slot.attempt = slot.attempt ?? newNumber()
    slot.mark = newNumber()
    set(slot, device, tab)
    guard let token = kept(device, tab) else { return }
    let request = Request(
      device: device, tab: tab, page: browsers[device].tabs[tab].page, token: token,
      attempt: takesAttempts ? slot.attempt : nil, mark: slot.mark)
    browsers[device].tabs[tab].request = request
    queue.plan(.giveUp(request), at: now + Self.patience)
    launch(request)
  }

  /// The network's part.
  private func launch(_ request: Request) {
    func latency() -> Double {
      strikes(.slow, Rates.slow) ? random.between(2, 40) : random.between(0.02, 0.3)
    }
    if now < browsers[request.device].badUntil {
      // No network, or another's answer.
      request.answer = .trouble
      queue.plan(.answer(request), at: now + random.between(0.01, 0.2))
    } else if strikes(.lateRequest, Rates.lateRequest) {
      queue.plan(.arrive(request, answered: Fate(isLate: true)), at: now + random.between(10, 100))
    } else if strikes(.lostRequest, Rates.lostRequest) {
      guard random.chance(0.5) else { return }
      request.answer = .trouble
      queue.plan(.answer(request), at: now + latency())
    } else {
      var fate = Fate(back: latency())
      if strikes(.kill, Rates.kill) {
        fate.death = random.chance(0.5) ? .beforeCommit : .afterCommit
      }
      if strikes(.lostAnswer, Rates.lostAnswer) {
        request.isHeadOnly = random.chance(0.5)
        if !request.isHeadOnly { fate.back = nil }
      }
      queue.plan(.arrive(request, answered: fate), at: now + latency())
    }
  }

  func answer(_ request: Request) throws {
    let device = request.device
    guard !request.isGivenUp else { return noteLoss(request) }
    guard browsers[device].isAwake else { return noteLoss(request) }
    if case .tokens(let token)? = request.answer, browsers[device].keeper == .cookie {
      browsers[device].token = token
    }
    let tab = request.tab
    browsers[device].tabs[tab].request = nil
    if request.isHeadOnly {
      if case .tokens? = request.answer {
        note(browsers[device].keeper == .cookie ? .bodyLost : .answerLost, of: request)
      }
      return endure(device, tab)
    }
    switch request.answer {
    case .tokens(let token)?:
      let isOld =
        browsers[device].keeper == .local
        && kept(device, tab)?.issued.id != request.token.issued.id
      if !isOld { save(token, device, tab, isSignIn: false) }
      if slot(device, tab).mark == request.mark {
        set(Slot(attempt: newNumber()), device, tab)
      }
      calm(device, tab)
      if let access = access(device, tab), watchesUse { show(access, device, tab) }
    case .forbidden?:
      let isSame =
        kept(device, tab)?.issued.id == request.token.issued.id
        || browsers[device].keeper == .cookie
      let isLast =
        isSame && (!takesAttempts || slot(device, tab).mark == request.mark)
        || browsers[device].tabs[tab].sends >= Self.sends
      if isLast { try refused(request) } else { send(device, tab) }
    case .trouble?, nil: endure(device, tab)
    }
  }

  private func noteLoss(_ request: Request) {
    if case .tokens? = request.answer { note(.answerLost, of: request) }
  }

  func giveUp(_ request: Request) throws {
    guard !request.isGivenUp,
      browsers[request.device].tabs[request.tab].request === request
    else { return }
    guard browsers[request.device].isAwake else {
      return browsers[request.device].late.append(.giveUp(request))
    }
    request.isGivenUp = true
    browsers[request.device].tabs[request.tab].request = nil
    endure(request.device, request.tab)
  }

  private func endure(_ device: Int, _ tab: Int) {
    let failures = browsers[device].tabs[tab].failures
    browsers[device].tabs[tab].failures += 1
    var wait = min(0.5 * Double(1 << min(failures, 7)), 60)
    wait *= random.between(0.75, 1.25)
    let givesUp = browsers[device].tabs[tab].sends >= Self.sends || wait > Self.longestPause
    browsers[device].tabs[tab].isInTrouble = givesUp
    pause(device, tab, wait)
  }

  private func pause(_ device: Int, _ tab: Int, _ seconds: Double) {
    let due = now + seconds
    browsers[device].tabs[tab].waitsUntil = due
    let page = browsers[device].tabs[tab].page
    queue.plan(.wake(device: device, tab: tab, page: page, due: due), at: due)
  }

  func wake(_ device: Int, _ tab: Int, _ page: Int, _ due: Double, _ event: Event) throws {
    guard tab < browsers[device].tabs.count, browsers[device].tabs[tab].page == page,
      browsers[device].tabs[tab].waitsUntil == due
    else { return }
    guard browsers[device].isAwake else { return browsers[device].late.append(event) }
    browsers[device].tabs[tab].waitsUntil = nil
    if browsers[device].tabs[tab].isInTrouble {
      try use(device, tab: tab)
    } else {
      send(device, tab)
    }
  }

  /// 403: the only thing that signs anybody out.
  private func refused(_ request: Request) throws {
    let session = request.token.session
    if let reason = reason(for: request) {
      tally.reasons[reason, default: 0] += 1
      for theft in sessions[session].thefts where reason == .theft {
        thefts[theft].ownerIsOut = thefts[theft].ownerIsOut ?? now
      }
    } else {
      tally.accidents += 1
      // What comes after the first refusal is only its consequence.
      let trace = sessions[session].trace
      let end = trace.firstIndex { $0.outcome == .refused || $0.outcome == .refusedUnheard }
      let events = Array(trace.prefix(through: end ?? trace.endIndex - 1))
      let cause = Tally.Cause(
        keeper: browsers[request.device].keeper,
        isLateCopy: events.last?.outcome == .refusedUnheard)
      tally.causes[cause, default: 0] += 1
      if tally.traces.count < Tally.mostTraces {
        tally.traces.append(Trace(rule: ruleName.rawValue, events: events))
      }
    }
    forget(request.device)
  }
}
