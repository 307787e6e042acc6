/// What people do with their devices.
extension World {
  func visit(_ device: Int) throws {
    browsers[device].isAwake = true
    if browsers[device].tabs.isEmpty {
      let count = has(.tabs) && !browsers[device].isPhone ? 3 : has(.tabs) ? 2 : 1
      browsers[device].tabs = Array(repeating: Tab(), count: count)
    } else if browsers[device].keeper != .memory, strikes(.reload, 0.3) {
      // The browser was closed meanwhile.
      for tab in browsers[device].tabs.indices { reload(device, tab) }
    }
    if strikes(.portal, Rates.portal) || strikes(.offline, Rates.offline) {
      browsers[device].badUntil = now + random.between(1, 600)
    }
    let length = browsers[device].isPhone ? random.between(20, 600) : random.between(600, 12_000)
    let ends = now + length
    browsers[device].visitEnds = ends
    for event in browsers[device].late { queue.plan(event, at: now) }
    browsers[device].late = []
    queue.plan(.sleep(device: device, visitEnds: ends), at: ends)
    try use(device, ends)
  }

  /// The lid is closed; what is on its way does not come in any more.
  func sleep(_ device: Int, _ visitEnds: Double) {
    if has(.sleep) { browsers[device].isAwake = false }
    queue.plan(.visit(device: device), at: now + absence(device))
  }

  private func absence(_ device: Int) -> Double {
    if strikes(.absence, Rates.absence) { return random.between(31, 60) * Self.day }
    if strikes(.holiday, Rates.holiday) { return 14 * Self.day }
    let gap = browsers[device].isPhone ? random.between(600, 16_000) : random.between(1800, 40_000)
    let hour = (now + gap).truncatingRemainder(dividingBy: Self.day) / 3600
    return hour < 7 ? gap + (7 - hour) * 3600 : gap
  }

  func use(_ device: Int, _ visitEnds: Double) throws {
    guard now < visitEnds, browsers[device].visitEnds == visitEnds else { return }
    let mean = browsers[device].isPhone ? 30.0 : 240.0
    queue.plan(
      .use(device: device, visitEnds: visitEnds), at: now + random.between(0.2, 2 * mean))
    guard browsers[device].isSignedIn else {
      // Nobody can sign in without a network.
      if now >= browsers[device].badUntil { try signIn(device) }
      return
    }
    if strikes(.signOut, Rates.signOut / 10) { return try signOut(device) }
    let tab = random.below(browsers[device].tabs.count)
    if browsers[device].keeper != .memory {
      if strikes(.reload, Rates.reload) {
        reload(device, tab)
        // Who waits for a page loads it again.
        if random.chance(0.2) { reloadSoon(device, tab, visitEnds) }
      }
    } else if browsers[device].tabs[tab].token == nil {
      // Each tab has a sign-in of its own, and so fills the limit: the others stay closed.
      guard let first = browsers[device].tabs.firstIndex(where: { $0.token != nil }) else {
        return browsers[device].isSignedIn = false
      }
      return try use(device, tab: first)
    }
    try use(device, tab: tab)
  }

  private func reloadSoon(_ device: Int, _ tab: Int, _ visitEnds: Double) {
    queue.plan(
      .reload(device: device, tab: tab, visitEnds: visitEnds), at: now + random.between(0.5, 5))
  }

  func reloadAgain(_ device: Int, _ tab: Int, _ visitEnds: Double) throws {
    guard now < visitEnds, browsers[device].isSignedIn else { return }
    reload(device, tab)
    try use(device, tab: tab)
    if random.chance(0.3) { reloadSoon(device, tab, visitEnds) }
  }
}
