public import HTTPTypes

/// A method and a path, and who answers them.
public struct Route: Sendable {
  public typealias Handler = @Sendable (Request) async throws -> Response

  public let method: HTTPRequest.Method
  /// Compared byte for byte with the path that the client sent, but for a segment like `{id}`,
  /// which stands for any one segment that is not empty. A path without such segments comes first;
  /// two with them that have a path in common must be spelled alike, or the start fails.
  public let path: String
  let handler: Handler

  public init(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
    self.method = method
    self.path = path
    self.handler = handler
  }

  /// A protected route: its handler is called only for a caller whom `authenticator` admits.
  public init<A: Authenticator>(
    _ method: HTTPRequest.Method,
    _ path: String,
    for authenticator: A,
    _ handler: @escaping @Sendable (Request, A.Caller) async throws -> Response
  ) {
    self.init(method, path) { request in
      let caller = try await authenticator.authenticate(request)
      var response = try await handler(request, caller)
      if response.session == nil { response.session = authenticator.session(of: caller) }
      return response
    }
  }
}

/// Says who sends a request.
public protocol Authenticator: Sendable {
  associatedtype Caller: Sendable

  /// - Throws: `HTTPError`, most often a 401, for a request that proves nobody.
  func authenticate(_ request: Request) async throws -> Caller

  /// The id of the session that the caller has, for the log; `nil` where there is none.
  func session(of caller: Caller) -> String?
}

extension Authenticator {
  public func session(of caller: Caller) -> String? { nil }
}

/// Lets `routes` list one route after another without commas or brackets.
@resultBuilder
public enum RouteBuilder {
  public static func buildExpression(_ route: Route) -> [Route] { [route] }
  public static func buildExpression(_ routes: [Route]) -> [Route] { routes }
  public static func buildBlock(_ routes: [Route]...) -> [Route] { routes.flatMap { $0 } }
  public static func buildOptional(_ routes: [Route]?) -> [Route] { routes ?? [] }
  public static func buildEither(first routes: [Route]) -> [Route] { routes }
  public static func buildEither(second routes: [Route]) -> [Route] { routes }
}

/// Two modules claim one route.
public struct RouteConflict: Error, CustomStringConvertible {
  let claim: String

  public var description: String { "two modules claim \(claim)" }
}
