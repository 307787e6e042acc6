// The rules of others, as they are published, so that the simulation can be held against them.

/// What they have in common: numbered tokens, 30 days each, 90 days from the sign-in.
private struct Tokens {
  private var next = 0
  private var ends: [Int: Int] = [:]

  mutating func begin(session: Int, at time: Double) -> Issued {
    ends[session] = Int(time) + sessionLifetime
    return issue(session: session, at: time)
  }

  mutating func issue(session: Int, at time: Double) -> Issued {
    next += 1
    let end = ends[session] ?? 0
    return Issued(
      session: "", id: String(next), expiresAt: min(Int(time) + refreshLifetime, end))
  }
}

/// Rotation with a family that ends when a replaced token comes back.
///
/// - Without leeway, RFC 9700 §4.14.2: "the previous refresh token is invalidated, but information
///   about the relationship is retained"; whoever presents an invalidated one ends the active one.
/// - With leeway, Auth0's "Configure Refresh Token Rotation", rotation overlap period: within it the
///   token before the current one is exchanged once more for a new one; "if the second-to-last one is
///   exchanged, breach detection will be triggered". Okta's grace period for token rotation (0 to 60
///   seconds, 30 by default) is the same.
struct FamilyRule: Rule {
  let takesAttempts = false
  let watchesUse = false
  let leeway: Double
  private var tokens = Tokens()
  private struct Family {
    /// Those handed out for one token; the token before them; when it was first replaced.
    var current: Set<String>
    var previous: String?
    var replacedAt = 0.0
  }
  private var families: [Int: Family] = [:]

  init(leeway: Double) { self.leeway = leeway }

  mutating func begin(session: Int, at time: Double) -> Issued {
    let issued = tokens.begin(session: session, at: time)
    families[session] = Family(current: [issued.id])
    return issued
  }

  mutating func refresh(
    _ token: Token, attempt: Int?, at time: Double, death: Death?
  ) throws -> Verdict {
    if death == .beforeCommit { throw WorkerKilled() }
    guard var family = families[token.session] else { return .refused }
    let issued: Issued
    if family.current.contains(token.issued.id) {
      issued = tokens.issue(session: token.session, at: time)
      family = Family(current: [issued.id], previous: token.issued.id, replacedAt: time)
    } else if family.previous == token.issued.id, abs(time - family.replacedAt) < leeway {
      issued = tokens.issue(session: token.session, at: time)
      family.current.insert(issued.id)
    } else {
      families[token.session] = nil
      return .reuse
    }
    families[token.session] = family
    if death == .afterCommit { throw WorkerKilled() }
    return .tokens(issued)
  }

  mutating func end(_ token: Token, at time: Double) { families[token.session] = nil }
  mutating func use(_ token: Token) {}
  func liveSessions(at time: Double) -> Set<Int>? { nil }
}

/// Doorkeeper 5, with the column `previous_refresh_token` that its migration makes.
///
/// "If there is a `previous_refresh_token` column, refresh tokens will be revoked after a related
/// access token is used" (lib/generators/doorkeeper/templates/migration.rb.erb). Until then each
/// presentation gets tokens of its own (lib/doorkeeper/oauth/refresh_token_request.rb); a revoked one
/// is `invalid_grant`, and nothing else is revoked. Signing out revokes the token that is shown.
struct DoorkeeperRule: Rule {
  let takesAttempts = false
  let watchesUse = true
  private var tokens = Tokens()
  private var revoked: Set<String> = []
  private var previous: [String: String] = [:]

  mutating func begin(session: Int, at time: Double) -> Issued {
    tokens.begin(session: session, at: time)
  }

  mutating func refresh(
    _ token: Token, attempt: Int?, at time: Double, death: Death?
  ) throws -> Verdict {
    if death == .beforeCommit { throw WorkerKilled() }
    if revoked.contains(token.issued.id) { return .refused }
    let issued = tokens.issue(session: token.session, at: time)
    previous[issued.id] = token.issued.id
    if death == .afterCommit { throw WorkerKilled() }
    return .tokens(issued)
  }

  mutating func end(_ token: Token, at time: Double) { revoked.insert(token.issued.id) }

  mutating func use(_ token: Token) {
    if let old = previous.removeValue(forKey: token.issued.id) { revoked.insert(old) }
  }

  func liveSessions(at time: Double) -> Set<Int>? { nil }
}

/// SuperTokens core (src/main/java/io/supertokens/session/Session.java, `refreshSessionHelper` and
/// `getSession`).
///
/// The session keeps one refresh token, the parent. Presenting it gets a new child each time, and
/// changes nothing. A child that is presented, or whose access token is shown, becomes the parent.
/// Any other is theft: the session ends.
struct SuperTokensRule: Rule {
  let takesAttempts = false
  let watchesUse = true
  private var tokens = Tokens()
  private var parents: [Int: String] = [:]
  private var parentOf: [String: String] = [:]

  mutating func begin(session: Int, at time: Double) -> Issued {
    let issued = tokens.begin(session: session, at: time)
    parents[session] = issued.id
    return issued
  }

  mutating func refresh(
    _ token: Token, attempt: Int?, at time: Double, death: Death?
  ) throws -> Verdict {
    if death == .beforeCommit { throw WorkerKilled() }
    guard parents[token.session] != nil else { return .refused }
    use(token)
    guard parents[token.session] == token.issued.id else {
      parents[token.session] = nil
      return .reuse
    }
    let issued = tokens.issue(session: token.session, at: time)
    parentOf[issued.id] = token.issued.id
    if death == .afterCommit { throw WorkerKilled() }
    return .tokens(issued)
  }

  mutating func end(_ token: Token, at time: Double) { parents[token.session] = nil }

  mutating func use(_ token: Token) {
    guard let parent = parents[token.session], parentOf[token.issued.id] == parent else { return }
    parents[token.session] = token.issued.id
    parentOf[token.issued.id] = nil
  }

  func liveSessions(at time: Double) -> Set<Int>? { nil }
}
