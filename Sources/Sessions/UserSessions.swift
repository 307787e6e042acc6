import Crypto
public import DocumentStore
public import FoundationEssentials
import SystemCalls

/// All sessions of one user: a value that knows no store, no key and no clock.
public struct UserSessions: Document {
  public static let collection = "tokens"

  /// How many replaced tokens a session remembers; an older one is reuse, however young.
  static let recentLimit = 8

  /// The name that the user is found by.
  public let username: String
  public private(set) var sessions: [Session] = []

  public init(username: String) {
    self.username = username
  }

  /// As they stand in the document, so that nothing has to be sorted.
  private enum CodingKeys: CodingKey {
    case sessions, username
  }

  /// The latest end of a session.
  public var expiry: Date? { sessions.map(\.endsAt).max() }

  /// Begins a session in place of the one of the id `replaced`, if that is given. Where there are as
  /// many other live ones as there may be, `policy.whenFull` says which of them make room.
  public mutating func begin(
    on device: Device, passwordGeneration: Int? = nil, replacing replaced: String? = nil,
    at time: Date, policy: SessionPolicy
  ) -> Session {
    dropExpired(at: time)
    sessions.removeAll { $0.id == replaced }
    if sessions.count >= policy.limit {
      switch policy.whenFull {
      case .reset: sessions.removeAll()
      case .evictOldest: sessions.removeFirst(sessions.count - policy.limit + 1)
      }
    }
    let endsAt = time.addingTimeInterval(TimeInterval(policy.sessionLifetime))
    let session = Session(
      id: System.randomID(),
      createdAt: time,
      lastUsedAt: time,
      endsAt: endsAt,
      current: policy.refreshToken(at: time, endsAt: endsAt),
      recent: [],
      fingerprint: device.fingerprint.map(digest),
      passwordGeneration: passwordGeneration,
      endsWithBrowser: device.isRemembered ? nil : true,
      userAgent: device.userAgent,
      address: device.address)
    sessions.append(session)
    return session
  }

  /// Decides on a refresh and does what was decided. The session is given for `rotate` and
  /// `replay`, as it is from now on.
  public mutating func refresh(
    with token: PresentedToken, at time: Date, policy: SessionPolicy
  ) -> (decision: RefreshDecision, session: Session?) {
    let decision = decision(on: token, at: time, policy: policy)
    guard let index = sessions.firstIndex(where: { $0.id == token.session }) else {
      return (decision, nil)
    }
    switch decision {
    case .rotate:
      let session = rotated(sessions[index], by: token.attempt, at: time, policy: policy)
      sessions[index] = session
      dropExpired(at: time)
      return (decision, session)
    case .replay:
      return (decision, sessions[index])
    case .reuse:
      sessions.remove(at: index)
      dropExpired(at: time)
      return (decision, nil)
    case .fingerprintDiffers, .unknownSession, .noSession:
      return (decision, nil)
    }
  }

  /// The sessions that are live at `time`, in the order in which they began.
  /// - Parameter passwordGeneration: the user's, where it is known: sessions that an earlier password
  ///   let begin have ended.
  public func live(at time: Date, passwordGeneration: Int? = nil) -> [Session] {
    sessions.filter { $0.isLive(at: time, passwordGeneration: passwordGeneration) }
  }

  /// Ends the session of this id. Returns whether it was live.
  public mutating func end(_ id: String, at time: Date) -> Bool {
    dropExpired(at: time)
    guard let index = sessions.firstIndex(where: { $0.id == id }) else { return false }
    sessions.remove(at: index)
    return true
  }

  /// Whether the session of this id is live.
  ///
  /// - Parameter passwordGeneration: the user's, where sessions that an earlier password let begin
  ///   count as ended, though nobody has come to remove them.
  func isLive(_ id: String, at time: Date, passwordGeneration: Int? = nil) -> Bool {
    sessions.contains {
      $0.id == id && $0.isLive(at: time, passwordGeneration: passwordGeneration)
    }
  }

  /// Ends all sessions but the one of this id, which goes on under `passwordGeneration` if that is
  /// given.
  public mutating func endAll(except id: String, passwordGeneration: Int? = nil) {
    sessions.removeAll { $0.id != id }
    guard let passwordGeneration else { return }
    for index in sessions.indices { sessions[index].passwordGeneration = passwordGeneration }
  }

  /// Ends the sessions that an earlier password let begin.
  mutating func endAll(before passwordGeneration: Int) {
    sessions.removeAll { $0.isOlder(than: passwordGeneration) }
  }

  private func rotated(
    _ session: Session, by attempt: String?, at time: Date, policy: SessionPolicy
  ) -> Session {
    var session = session
    if !session.recent.isEmpty { session.recent[0].attempt = nil }
    session.recent.insert(
      ReplacedToken(id: session.current.id, replacedAt: time, attempt: attempt.map(digest)), at: 0)
    session.recent = Array(session.recent.prefix(Self.recentLimit))
    session.current = policy.refreshToken(at: time, endsAt: session.endsAt)
    session.lastUsedAt = time
    return session
  }

  mutating func dropExpired(at time: Date) {
    sessions.removeAll { !$0.isLive(at: time) }
  }
}

/// What a session knows of where it was begun.
public struct Device: Equatable, Sendable {
  public let fingerprint: String?
  public let userAgent: String
  public let address: String
  /// Whether the browser is to keep the sign-in when it ends.
  public let isRemembered: Bool

  /// Bytes that a fingerprint may have.
  public static let longestFingerprint = 1024

  /// - Parameter userAgent: kept to its first 256 Unicode scalars.
  public init(fingerprint: String?, userAgent: String, address: String, isRemembered: Bool = true) {
    self.fingerprint = fingerprint
    self.userAgent = String(userAgent.unicodeScalars.prefix(256))
    self.address = address
    self.isRemembered = isRemembered
  }
}

/// What is kept of a fingerprint or an attempt: it can be compared, and not be read.
func digest(_ text: String) -> String {
  SHA256.hash(data: Data(text.utf8)).hexadecimal
}
