public import Accounts
import Authentication
public import HandlerKit
public import Logging
import SecurityEvents
public import Sessions

/// `POST /link`: a password for who has a link that an operator made, and the end of all the
/// user's sessions.
public struct LinkModule: HandlerModule {
  public static let name = "link"

  private let links: PasswordLinks
  private let policy: PasswordPolicy
  private let hasher: PasswordHasher
  private let sessions: SessionStore
  private let logger: Logger

  public init(
    links: PasswordLinks, policy: PasswordPolicy, hasher: PasswordHasher, sessions: SessionStore,
    logger: Logger
  ) {
    self.links = links
    self.policy = policy
    self.hasher = hasher
    self.sessions = sessions
    self.logger = logger
  }

  public var routes: [Route] {
    Route(.post, "/link", choosePassword)
  }

  /// In an order that may break off anywhere. The sessions are ended first: the link is good still,
  /// and the person, who has heard nothing, uses it again. Then one write sets the password and uses
  /// up the link. What comes after it may fail: sessions of sign-ins that were under way with the
  /// old password end at their next refresh if not here, and a used link's document opens nothing.
  ///
  /// Nothing is throttled: a secret of 256 bits is not guessed, and no hash is computed for one.
  private func choosePassword(_ request: Request) throws -> Response {
    let fields = try BodyFields(of: request)
    guard let token = fields["token"], !token.isEmpty,
      let text = fields["newPassword"], !text.isEmpty
    else { throw HTTPError.invalidData }
    guard let link = try links.open(token, at: request.time) else { throw HTTPError.badLink }
    let user = link.user
    let password: Password
    do {
      password = try policy.password(text, forUser: user.username, user.profile)
    } catch {
      throw HTTPError.unfitPassword(error)
    }
    let hash = try hasher.hash(password, isKnown: true)
    let isSet = try links.setPassword(by: link, toHash: hash, at: request.time) {
      try sessions.endSessions(ofUser: user.id)
    }
    guard isSet else { throw HTTPError.badLink }
    logger.record(
      .passwordChanged,
      [
        "request": "\(request.id)", "user": "\(user.id)", "by": "link",
        "address": "\(request.remoteAddress)",
      ])
    logger.record(
      .sessionEnded, ["request": "\(request.id)", "user": "\(user.id)", "reason": "link"])
    cleanUp(after: link, request)
    return Response(status: .noContent)
  }

  private func cleanUp(after link: PasswordLinks.Opened, _ request: Request) {
    do {
      try sessions.endSessions(ofUser: link.user.id)
      try links.remove(link)
    } catch {
      logger.warning(
        "password chosen by a link; the link, and sessions that began meanwhile, end later",
        metadata: [
          "request": "\(request.id)", "user": "\(link.user.id)", "error": "\(error)",
        ])
    }
  }
}

extension HTTPError {
  /// One text for all: it tells nobody which users and links there are.
  fileprivate static let badLink = HTTPError(
    .forbidden, code: "bad_link",
    message: "This link cannot be used: it was used before, has expired, or was replaced by a "
      + "newer one. Ask for a new one.")
}
