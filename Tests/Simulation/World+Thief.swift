/// Who copies a token at a random moment, and uses it at later ones.
extension World {
  func planTheft(from device: Int) {
    guard has(.theft) else { return }
    queue.plan(
      .steal(device: device), at: now + random.between(0, 2 * Rates.theftDays) * Self.day)
  }

  func steal(_ device: Int) {
    planTheft(from: device)
    let browser = browsers[device]
    let tab = browser.tabs.first { $0.token != nil }
    guard let token = browser.keeper == .memory ? tab?.token : browser.token else { return }
    let loot: Theft.Loot = random.chance(0.5) ? .token : .everything
    let slot = browser.keeper == .memory ? tab?.slot : browser.slot
    thefts.append(
      Theft(loot: loot, token: token, attempt: loot == .everything ? slot?.attempt : nil))
    sessions[token.session].thefts.append(thefts.count - 1)
    guard random.chance(0.9) else { return }
    let delay: Double = [20, 600, 6 * 3600, 3 * Self.day, 10 * Self.day][random.below(5)]
    queue.plan(.thief(thefts.count - 1), at: now + random.between(0, 2 * delay))
  }

  func useLoot(_ number: Int) throws {
    let theft = thefts[number]
    let session = theft.token.session
    if theft.firstUse == nil { thefts[number].firstUse = now }
    guard sessions[session].end == nil || theft.firstSuccess != nil,
      serverTime < Double(theft.token.issued.expiresAt)
    else {
      thefts[number].wasTooLate = true
      return
    }
    tally.refreshes += 1
    let event = record(
      session, .refresh, who: "thief", token: theft.token.origin, attempt: theft.attempt)
    let verdict = try rule.refresh(
      theft.token, attempt: theft.attempt, at: serverTime, death: nil)
    switch verdict {
    case .tokens(let issued):
      let token = Token(session: session, origin: event, issued: issued)
      rule.use(token)
      thefts[number].thiefGotIn(at: now)
      thefts[number].token = token
      thefts[number].attempt = takesAttempts ? newNumber() : nil
      let gap: Double = [1000, 4 * 3600, Self.day][random.below(3)]
      queue.plan(.thief(number), at: now + random.between(900, 2 * gap))
    case .refused: return
    case .reuse: foundReuse(session)
    }
  }
}
