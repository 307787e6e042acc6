public import DocumentStore
public import FoundationEssentials

/// The sessions of all users, each user's in one document under the user's id.
///
/// Reading, deciding and writing are one step that no other worker can come between.
/// Every operation may throw `DocumentStoreError`.
public struct SessionStore: Sendable {
  private let documents: any DocumentStore
  private let policy: SessionPolicy

  public init(documents: any DocumentStore, policy: SessionPolicy) {
    self.documents = documents
    self.policy = policy
  }

  /// To be asked before anything is done for a sign-in.
  /// - Throws: `DocumentStoreError.full` where the store has no room for new sessions.
  public func requireRoom() throws { try documents.requireRoom() }

  /// Begins a session of the user.
  ///
  /// - Parameters:
  ///   - passwordGeneration: of the password that let the user in; `nil` for a session that no change
  ///     of a password ends by itself.
  ///   - replaced: the id of a session that ends in favour of the new one, and is not counted.
  ///   - isStillAdmitted: whether what let the user in still holds; only reads. Asked within the same
  ///     step: when a password is changed or a user removed, their sessions are ended last, so that
  ///     a sign-in that was under way is either ended with them or comes too late.
  ///   - onEnd: called afterwards with the ids of the sessions that made room for it, if any.
  /// - Returns: `nil` for one who is no longer admitted.
  public func beginSession(
    ofUser id: String,
    named username: String,
    passwordGeneration: Int? = nil,
    replacing replaced: String? = nil,
    on device: Device,
    at time: Date,
    isStillAdmitted: () throws -> Bool = { true },
    onEnd: ([String]) -> Void = { _ in }
  ) throws -> Session? {
    let begun = try documents.update(UserSessions.self, id) {
      document -> (session: Session, ended: [String])? in
      guard try isStillAdmitted() else { return nil }
      var sessions = document ?? UserSessions(username: username)
      let earlier = sessions.live(at: time).map(\.id)
      let session = sessions.begin(
        on: device, passwordGeneration: passwordGeneration, replacing: replaced,
        at: time, policy: policy)
      document = sessions
      return (session, earlier.filter { id in !sessions.sessions.contains { $0.id == id } })
    }
    guard let begun else { return nil }
    if !begun.ended.isEmpty { onEnd(begun.ended) }
    return begun.session
  }

  /// The user's live sessions, in the order in which they began.
  public func sessions(ofUser id: String, at time: Date) throws -> [Session] {
    try documents.read(UserSessions.self, id)?.live(at: time) ?? []
  }

  /// Ends one session. Returns whether there was one to end.
  @discardableResult
  public func endSession(_ session: String, ofUser id: String, at time: Date) throws -> Bool {
    try documents.update(UserSessions.self, id) { $0?.end(session, at: time) ?? false }
  }

  /// Whether the session is live.
  ///
  /// - Parameter passwordGeneration: the user's, where it is known: sessions that an earlier password
  ///   let begin have ended.
  public func isLive(
    _ session: String, ofUser id: String, passwordGeneration: Int? = nil, at time: Date
  ) throws -> Bool {
    try documents.read(UserSessions.self, id)?
      .isLive(session, at: time, passwordGeneration: passwordGeneration) ?? false
  }

  /// What a refresh with this token would decide now, and whose session it is. Nothing is decided
  /// by it, and nothing is kept.
  ///
  /// - Parameters: those of `refresh`.
  /// - Returns: `nil` where the owner is gone, or the session has ended.
  public func inspect<Owner>(
    ofUser id: String,
    with token: PresentedToken,
    at time: Date,
    owner: (_ username: String) throws -> Owner?,
    passwordGeneration: (Owner) -> Int?
  ) throws -> (decision: RefreshDecision, owner: Owner)? {
    guard let sessions = try documents.read(UserSessions.self, id),
      let owner = try owner(sessions.username),
      sessions.isLive(token.session, at: time, passwordGeneration: passwordGeneration(owner))
    else { return nil }
    return (sessions.decision(on: token, at: time, policy: policy), owner)
  }

  /// What became of a request of one session to end another.
  public enum EndOutcome: Sendable {
    case ended
    /// The user has no such session.
    case unknown
    /// The session that asks has ended since its access token was issued. Nothing changes.
    case callerEnded
  }

  /// Ends one session at the request of another, or of its own.
  public func endSession(
    _ session: String, ofUser id: String, by caller: String, at time: Date
  ) throws -> EndOutcome {
    try documents.update(UserSessions.self, id) { sessions in
      guard sessions?.isLive(caller, at: time) == true else { return .callerEnded }
      return sessions?.end(session, at: time) == true ? .ended : .unknown
    }
  }

  /// Ends all sessions of the user but the one that asks for it.
  /// - Parameter passwordGeneration: of the password that the caller is about to set.
  /// - Returns: whether that one is live; if not, nothing changes.
  public func endOtherSessions(
    ofUser id: String, by caller: String, passwordGeneration: Int? = nil, at time: Date
  ) throws -> Bool {
    try documents.update(UserSessions.self, id) { sessions in
      guard sessions?.isLive(caller, at: time) == true else { return false }
      sessions?.endAll(except: caller, passwordGeneration: passwordGeneration)
      return true
    }
  }

  /// Ends all sessions of the user but one, whether that is live or not.
  public func endSessions(ofUser id: String, except session: String) throws {
    try documents.update(UserSessions.self, id) { $0?.endAll(except: session) }
  }

  /// Ends all sessions of the user.
  /// - Returns: those that were live.
  @discardableResult
  public func endSessions(ofUser id: String, at time: Date = Date()) throws -> [Session] {
    try documents.update(UserSessions.self, id) { sessions in
      defer { sessions = nil }
      return sessions?.live(at: time) ?? []
    }
  }

  /// Drops expired sessions, and the documents of users who have none left.
  ///
  /// - Parameter pause: called after each user.
  /// - Returns: how many documents were changed or removed.
  public func sweep(at time: Date, pause: () -> Void = {}) throws -> Int {
    try documents.sweep(UserSessions.self, pause: pause) { document in
      document?.dropExpired(at: time)
      if document?.sessions.isEmpty == true { document = nil }
    }
  }

  /// What became of a refresh, and whose session it is.
  public enum RefreshOutcome<Owner> {
    /// The session's refresh token is `session.current` from now on: a new one, or in a replay the
    /// one that a lost answer held.
    case refreshed(Owner, Session, isReplay: Bool)
    /// The token had been used before; its session is revoked.
    case reuse
    case fingerprintDiffers
    case unknownSession
    case noSession
    /// The user is gone or may not sign in any longer. Nothing was decided.
    case noOwner
  }

  /// Decides on a refresh and keeps what was decided.
  ///
  /// - Parameters:
  ///   - owner: finds the user by name, and returns `nil` for one who may not sign in any longer;
  ///     only reads. Asked within the same step: a user who is gone before it is gone for it.
  ///   - passwordGeneration: the owner's. Sessions that an earlier password let begin have ended.
  public func refresh<Owner>(
    ofUser id: String,
    with token: PresentedToken,
    at time: Date,
    owner: (_ username: String) throws -> Owner?,
    passwordGeneration: (Owner) -> Int? = { _ in nil }
  ) throws -> RefreshOutcome<Owner> {
    try documents.update(UserSessions.self, id) { document in
      guard var sessions = document else { return .noSession }
      guard let owner = try owner(sessions.username) else { return .noOwner }
      if let generation = passwordGeneration(owner) { sessions.endAll(before: generation) }
      let (decision, session) = sessions.refresh(with: token, at: time, policy: policy)
      document = sessions
      switch (decision, session) {
      case (.rotate, let session?): return .refreshed(owner, session, isReplay: false)
      case (.replay, let session?): return .refreshed(owner, session, isReplay: true)
      case (.reuse, _): return .reuse
      case (.fingerprintDiffers, _): return .fingerprintDiffers
      case (.unknownSession, _): return .unknownSession
      case (.noSession, _), (.rotate, nil), (.replay, nil): return .noSession
      }
    }
  }
}
