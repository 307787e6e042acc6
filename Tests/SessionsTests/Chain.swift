import Foundation

@testable import Sessions

/// One user's sessions with the clock in seconds from a fixed start.
struct Chain {
  static let start = TimeInterval(1_800_000_000)

  var user = UserSessions(username: "alice")
  var policy = SessionPolicy()

  static func time(_ seconds: TimeInterval) -> Date {
    Date(timeIntervalSince1970: start + seconds)
  }

  mutating func begin(at seconds: TimeInterval, fingerprint: String? = nil) -> Session {
    user.begin(
      on: Device(fingerprint: fingerprint, userAgent: "test", address: "192.0.2.1"),
      at: Self.time(seconds), policy: policy)
  }

  mutating func refresh(
    _ session: Session, with token: String, attempt: String? = nil, at seconds: TimeInterval,
    fingerprint: String? = nil
  ) -> (decision: RefreshDecision, session: Session?) {
    user.refresh(
      with: PresentedToken(
        session: session.id, id: token, fingerprint: fingerprint, attempt: attempt),
      at: Self.time(seconds), policy: policy)
  }

  /// The tokens of a session that is refreshed at each of `times`: the first, its successor, …
  mutating func rotate(
    _ session: Session, with token: String? = nil, at times: [TimeInterval]
  ) -> [String] {
    times.reduce(into: [token ?? session.current.id]) { tokens, seconds in
      let next = refresh(session, with: tokens[tokens.count - 1], at: seconds).session
      tokens.append(next?.current.id ?? "none")
    }
  }
}
