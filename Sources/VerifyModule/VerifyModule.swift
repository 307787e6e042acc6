import Accounts
public import Authentication
import BoundedCache
public import HandlerKit
public import Logging
import SecurityEvents
public import Tokens

/// `GET /verify`: who sends a request to another application. For a web server that asks before it
/// lets the request through, such as nginx with `auth_request`.
///
/// The session is checked in the store whatever `sessions.check` says: that setting is about reads,
/// and the web server asks by GET whatever the application's request will do.
public struct VerifyModule: HandlerModule {
  public static let name = "verify"

  private let visitors: VisitorAuthenticator
  private let logger: Logger
  /// The latest answer to each session: a browser asks for every image of a page.
  private let answers = BoundedCache<String, (visitor: Visitor, response: Response)>(limit: 512)

  /// - Parameter sessionCheck: asked for each request, whatever its scope.
  public init(tokens: TokenIssuer, sessionCheck: SessionCheck, logger: Logger) {
    self.logger = logger
    visitors = VisitorAuthenticator(tokens: tokens, sessionCheck: sessionCheck)
  }

  public var routes: [Route] {
    Route(.get, "/verify") { request in
      do {
        return try answer(to: request)
      } catch let error as HTTPError {
        if error.isRefusal {
          logger.record(
            .verifyRefused,
            [
              "request": "\(request.id)", "address": "\(request.remoteAddress)",
              "reason": "\(error.code)",
            ])
        }
        throw error.withCodeInHeader
      }
    }
  }

  /// 204 with who it is, or 403 where the query names groups and they are in none of them.
  private func answer(to request: Request) throws -> Response {
    let groups = try groups(in: request)
    let visitor = try visitors.authenticate(request)
    guard groups.isEmpty || groups.contains(where: visitor.groups.contains) else {
      throw HTTPError.notInGroup
    }
    if let kept = answers[visitor.session], kept.visitor == visitor { return kept.response }
    let response = visitor.response.encodedOnce
    answers[visitor.session] = (visitor, response)
    return response
  }

  /// Nothing else may stand in the query: a mistake in the settings of the web server must
  /// not admit everybody.
  private func groups(in request: Request) throws(HTTPError) -> [String] {
    let groups = try request.queryValues(ofNothingBut: "group")
    guard groups.allSatisfy({ GroupName($0) != nil }) else { throw .invalidQuery }
    return groups
  }
}

extension HTTPError {
  /// Whether something was shown that does not admit. Who shows nothing has not signed in yet, and a
  /// cookie to be renewed is good.
  fileprivate var isRefusal: Bool {
    (status == .unauthorized && code != "missing_token" && code != "renew")
      || status == .forbidden
  }

  /// A web server that asks on behalf of another application sees only the headers of the answer.
  fileprivate var withCodeInHeader: HTTPError {
    var error = self
    error.headers[.xAuthError] = code
    return error
  }
}
