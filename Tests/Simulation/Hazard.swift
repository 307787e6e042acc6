/// What goes wrong, or is at least not the usual day. Each can be switched on alone.
public enum Hazard: String, CaseIterable, Sendable {
  /// A second and a third tab of the same browser.
  case tabs
  case reload
  /// The device falls asleep, a request in flight or not.
  case sleep
  case lostRequest = "lost-request"
  /// The request was executed; in cookie mode, the answer's head may have come, or not.
  case lostAnswer = "lost-answer"
  /// One direction takes 2 to 40 seconds: longer than the client's patience, or not. A request that
  /// is given up before it is there does not come.
  case slow
  /// A request that the client has given up arrives all the same, up to 100 seconds later.
  case lateRequest = "late-request"
  /// A worker is killed before or after its change is kept.
  case kill
  /// The server's clock is set forward or back by seconds, minutes or an hour, and later set right.
  case clock
  /// Answers that are not Postern's.
  case portal
  case offline
  /// Two weeks without a visit.
  case holiday
  /// An absence that is longer than a refresh token's life.
  case absence
  case signOut = "sign-out"
  /// Users with more devices than they may have sessions.
  case limit
  case theft
}

/// How often hazards strike. Probabilities, unless said otherwise.
enum Rates {
  static let lostRequest = 0.02
  static let lostAnswer = 0.02
  static let slow = 0.01
  static let lateRequest = 0.0002
  static let kill = 0.002
  /// Of a visit.
  static let portal = 0.03
  static let offline = 0.05
  static let signOut = 0.01
  static let holiday = 0.0015
  static let absence = 0.0003
  /// Of a page that is used.
  static let reload = 0.06
  /// Days between two changes of the server's clock.
  static let clockDays = 20.0
  /// Days between two thefts from a device.
  static let theftDays = 100.0
}
