/// One user, their devices, the server and whoever steals from them, in virtual time.
final class World {
  enum Event {
    case visit(device: Int)
    case use(device: Int, visitEnds: Double)
    case sleep(device: Int, visitEnds: Double)
    case arrive(Request, answered: Fate)
    case answer(Request)
    case giveUp(Request)
    /// A pause is over, or it is time for the next try.
    case wake(device: Int, tab: Int, page: Int, due: Double)
    case reload(device: Int, tab: Int, visitEnds: Double)
    case steal(device: Int)
    case thief(Int)
    case clockStep(back: Bool)
  }

  /// What becomes of a request on its way.
  struct Fate {
    var death: Death?
    /// It comes to the server though the client has given it up.
    var isLate = false
    /// Seconds until the answer is there; `nil`: it never is.
    var back: Double?
  }

  /// A sign-in, as the server's side of the simulation knows it.
  struct Known {
    let endsAt: Double
    var end: Tally.Reason?
    var thefts: [Int] = []
    var trace: [Trace.Event] = []
    let begun: Double
  }

  /// Seconds since 1970 at the start: 1 January 2030.
  static let start = 1_893_456_000.0
  static let day = 86_400.0
  static let accessLifetime = 900.0

  let ruleName: RuleName
  let hazards: Set<Hazard>
  let end: Double
  var random: SplitMix64
  var queue = EventQueue<Event>()
  var rule: any Rule
  let takesAttempts: Bool
  let watchesUse: Bool
  var browsers: [Browser] = []
  var sessions: [Known] = []
  var thefts: [Theft] = []
  var tally = Tally()
  var now = 0.0
  /// By how many seconds the server's clock is ahead.
  var clockOffset = 0.0
  /// For attempts and marks.
  private var lastNumber = 0

  var serverTime: Double { Self.start + now + clockOffset }

  init(rule: RuleName, hazards: Set<Hazard>, days: Double, devices: Int, seed: UInt64) {
    ruleName = rule
    self.hazards = hazards
    self.rule = rule.make()
    takesAttempts = self.rule.takesAttempts
    watchesUse = self.rule.watchesUse
    end = days * Self.day
    random = SplitMix64(state: seed)
    for device in 0..<devices {
      let luck = random.unit()
      let keeper: Keeper = luck < 0.6 ? .cookie : luck < 0.95 ? .local : .memory
      browsers.append(Browser(keeper: keeper, isPhone: device % 2 == 0))
      queue.plan(.visit(device: device), at: random.between(0, Self.day))
      planTheft(from: device)
    }
    if has(.clock) { planClockStep() }
    tally.deviceDays = days * Double(devices)
  }

  func has(_ hazard: Hazard) -> Bool { hazards.contains(hazard) }

  func strikes(_ hazard: Hazard, _ probability: Double) -> Bool {
    hazards.contains(hazard) && random.chance(probability)
  }

  func newNumber() -> Int {
    lastNumber += 1
    return lastNumber
  }

  /// - Returns: what it came to, its traces not yet shortened.
  func run() throws -> Tally {
    while let (time, event) = queue.next(), time < end {
      now = time
      try happen(event)
    }
    for theft in thefts { theft.count(in: &tally.thefts[theft.loot, default: TheftTally()]) }
    return tally
  }

  private func happen(_ event: Event) throws {
    switch event {
    case .visit(let device): try visit(device)
    case .use(let device, let visitEnds): try use(device, visitEnds)
    case .sleep(let device, let visitEnds): sleep(device, visitEnds)
    case .arrive(let request, let fate): try arrive(request, fate)
    case .answer(let request): try answer(request)
    case .giveUp(let request): try giveUp(request)
    case .wake(let device, let tab, let page, let due): try wake(device, tab, page, due, event)
    case .reload(let device, let tab, let ends): try reloadAgain(device, tab, ends)
    case .steal(let device): steal(device)
    case .thief(let number): try useLoot(number)
    case .clockStep(let back): stepClock(back)
    }
  }

  // The server's clock

  private func planClockStep() {
    queue.plan(.clockStep(back: false), at: now + random.between(0, 2 * Rates.clockDays) * Self.day)
  }

  private func stepClock(_ back: Bool) {
    if back {
      clockOffset = 0
      planClockStep()
    } else {
      let size = [2.0, 60, 600, 3600][random.below(4)]
      clockOffset = random.chance(0.5) ? size : -size
      queue.plan(.clockStep(back: true), at: now + random.between(10, Self.day))
    }
  }
}
