/// Where a browser keeps tokens, as `tokens` of postern.js.
public enum Keeper: String, CaseIterable, Sendable {
  case cookie, local, memory
}

/// An access token; `token` came with it.
struct Access {
  let token: Token
  /// By the server's clock.
  let expiresAt: Double
}

/// A refresh on its way.
final class Request {
  let device: Int
  let tab: Int
  let page: Int
  let token: Token
  let attempt: Int?
  let mark: Int
  /// Nobody waits for its answer any longer: it took too long, or the page was left.
  var isGivenUp = false
  var answer: Answer?
  /// The cookie comes, and the body does not.
  var isHeadOnly = false
  /// The event in the session's trace.
  var event: Int?

  enum Answer {
    case tokens(Token)
    case forbidden
    /// A killed worker, another's answer, none.
    case trouble
  }

  init(device: Int, tab: Int, page: Int, token: Token, attempt: Int?, mark: Int) {
    self.device = device
    self.tab = tab
    self.page = page
    self.token = token
    self.attempt = attempt
    self.mark = mark
  }
}

struct Tab {
  /// Each reload makes another page of it.
  var page = 0
  /// In cookie and memory mode.
  var access: Access?
  /// In memory mode.
  var token: Token?
  /// In memory mode.
  var slot = Slot()
  var request: Request?
  /// Since when another tab's refresh is waited for.
  var queuesSince: Double?
  /// Sends of the refresh that is under way.
  var sends = 0
  var failures = 0
  /// Pauses, or waits for the time of the next try.
  var waitsUntil: Double?
  /// The server is left alone until then.
  var isInTrouble = false
}

/// `postern.attempt`.
struct Slot: Equatable {
  var attempt: Int?
  var mark = 0
}

struct Browser {
  let keeper: Keeper
  let isPhone: Bool
  var isAwake = false
  var isSignedIn = false
  /// The cookie, or what `localStorage` holds; in memory mode each tab has its own.
  var token: Token?
  var access: Access?
  var slot = Slot()
  var tabs: [Tab] = []
  /// Timers that ran out while it slept.
  var late: [World.Event] = []
  /// Until when the network is none, or a hotel's.
  var badUntil = 0.0
  var visitEnds = 0.0
  var session = 0
  var hasVisited = false
}
