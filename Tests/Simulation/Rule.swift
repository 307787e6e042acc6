/// A refresh token, and what the simulation knows of it.
public struct Token: Sendable {
  /// The number of the sign-in that it descends from.
  let session: Int
  /// Which event of the session's trace issued it.
  let origin: Int
  let issued: Issued
}

/// What a rule hands out.
struct Issued: Sendable {
  /// The rule's own names for the session and the token.
  let session: String
  let id: String
  /// Seconds since 1970.
  let expiresAt: Int
}

enum Verdict {
  case tokens(Issued)
  /// Refused, and nothing changes.
  case refused
  /// Refused, and the session has ended by that.
  case reuse
}

/// When a worker is killed.
enum Death { case beforeCommit, afterCommit }

struct WorkerKilled: Error {}

/// What a server does with the refresh tokens of one user. Times are in seconds since 1970, by the
/// server's clock.
protocol Rule {
  /// Whether the client sends an attempt along.
  var takesAttempts: Bool { get }
  /// Whether it makes a difference that an access token is shown.
  var watchesUse: Bool { get }

  mutating func begin(session: Int, at time: Double) throws -> Issued
  mutating func refresh(_ token: Token, attempt: Int?, at time: Double, death: Death?) throws
    -> Verdict
  /// The owner signs out.
  mutating func end(_ token: Token, at time: Double) throws
  /// An access token that came with this refresh token is shown.
  mutating func use(_ token: Token)
  /// The sessions that this rule keeps; `nil` where it limits them not.
  func liveSessions(at time: Double) throws -> Set<Int>?
}

let refreshLifetime = 30 * 86_400
let sessionLifetime = 90 * 86_400

public enum RuleName: String, CaseIterable, Sendable {
  case postern
  case noAttempts = "postern-without-attempts"
  case noGrace = "postern-without-attempts-and-grace"
  case rotation
  case leeway
  case doorkeeper
  case superTokens = "supertokens"

  func make() -> any Rule {
    switch self {
    case .postern: PosternRule(takesAttempts: true, grace: 30)
    case .noAttempts: PosternRule(takesAttempts: false, grace: 30)
    case .noGrace: PosternRule(takesAttempts: false, grace: 0)
    case .rotation: FamilyRule(leeway: 0)
    case .leeway: FamilyRule(leeway: 30)
    case .doorkeeper: DoorkeeperRule()
    case .superTokens: SuperTokensRule()
    }
  }
}
