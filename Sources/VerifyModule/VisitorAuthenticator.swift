import Accounts
import Authentication
import ForeignInput
import HTTPTypes
import HandlerKit
import Sessions
import Tokens

/// Admits who sends an access token or the refresh cookie of a live session. Reads alone: no token
/// rotates, and none that was used before ends its session.
struct VisitorAuthenticator: Authenticator {
  private let tokens: TokenIssuer
  private let sessionCheck: SessionCheck
  private let bearer: BearerAuthenticator

  init(tokens: TokenIssuer, sessionCheck: SessionCheck) {
    self.tokens = tokens
    self.sessionCheck = sessionCheck
    bearer = BearerAuthenticator(tokens: tokens, sessionCheck: nil)
  }

  /// Where both are sent, both must be good and of one session.
  ///
  /// - Throws: 401, with the code `renew` where it helps to refresh first; `DocumentStoreError`
  ///   where the session cannot be checked.
  func authenticate(_ request: Request) throws -> Visitor {
    let byToken = try tokenVisitor(request)
    let byCookie = try cookieVisitor(request)
    switch (byToken, byCookie) {
    case (let one?, let other?) where one.id == other.id && one.session == other.session:
      return one
    case (let visitor?, nil), (nil, let visitor?): return visitor
    case (.some, .some): throw HTTPError.invalidToken
    case (nil, nil): throw HTTPError.missingToken
    }
  }

  private func tokenVisitor(_ request: Request) throws -> Visitor? {
    guard let authorization = request.header(.authorization), isOfBearer(authorization) else {
      return nil
    }
    let claims = try bearer.verify(authorization, at: request.time)
    guard let user = try sessionCheck.user(of: claims, at: request.time) else {
      throw HTTPError.invalidToken
    }
    return Visitor(user, session: claims.sid)
  }

  private func cookieVisitor(_ request: Request) throws -> Visitor? {
    let cookies = HostCookie.refresh.valuesFromAnywhere(of: request)
    guard let cookie = cookies.first else { return nil }
    guard cookies.count == 1,
      let claims = try? tokens.verifyRepeatedRefreshToken(cookie, at: request.time),
      let (decision, user) = try sessionCheck.inspect(claims, at: request.time)
    else { throw HTTPError.invalidToken }
    switch decision {
    case .rotate, .replay: break
    case .fingerprintDiffers: throw HTTPError.fingerprintRequired
    case .reuse, .unknownSession, .noSession: throw HTTPError.invalidToken
    }
    // Only a navigation can be sent to a page that renews the cookie, and come back.
    if claims.isPastHalfItsLife(at: request.time), request.header(.secFetchMode) == "navigate" {
      throw HTTPError.renewal
    }
    return Visitor(user, session: claims.sid)
  }
}

/// Whether these are credentials of the scheme `Bearer`, good or bad. Those of other schemes are the
/// business of the application behind the web server.
private func isOfBearer(_ authorization: ForeignText) -> Bool {
  authorization.bytes.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
    .isInAnyCase("bearer")
}

extension HTTPError {
  /// 401 for a cookie that is good, and old enough to be renewed while somebody looks at a page.
  fileprivate static let renewal = invalidToken.with(code: "renew")

  /// 401 for the cookie of a session that was begun with a fingerprint. It has to come with each use
  /// of the refresh token, and no image or navigation brings one, so the cookie alone does not do.
  fileprivate static let fingerprintRequired = invalidToken.with(code: "fingerprint_required")

  private func with(code: String) -> HTTPError {
    var error = self
    error.code = code
    return error
  }
}

extension HTTPField.Name {
  fileprivate static let secFetchMode = Self("Sec-Fetch-Mode")!
}
