public import ForeignInput
import HTTPTypes
public import Logging

/// Finds the route of a request and gives every answer what all answers have.
public struct Router: Sendable {
  /// Says what the client is told of an error that is not an `HTTPError`; `nil` means 500.
  public typealias ErrorExplanation = @Sendable (any Error) -> HTTPError?

  private typealias Methods = [HTTPRequest.Method: Route.Handler]

  private var table: [ForeignText: Methods] = [:]
  private var patterns: [PathPattern: Methods] = [:]
  private let cors: CORSPolicy
  private let logger: Logger
  private let explain: ErrorExplanation

  /// - Throws: `RouteConflict` where two modules claim one route, or two paths with open segments
  ///   overlap: which of them answers must not be left to chance.
  public init(
    _ modules: [any HandlerModule],
    cors: CORSPolicy = CORSPolicy(),
    logger: Logger,
    explain: @escaping ErrorExplanation = { _ in nil }
  ) throws {
    self.cors = cors
    self.logger = logger
    self.explain = explain
    for route in modules.flatMap(\.routes) {
      let earlier: Route.Handler?
      if let pattern = PathPattern(route.path) {
        if let other = patterns.keys.first(where: { $0 != pattern && $0.overlaps(pattern) }) {
          throw RouteConflict(claim: "paths that fit both \(other) and \(pattern)")
        }
        earlier = patterns[pattern, default: [:]].updateValue(route.handler, forKey: route.method)
      } else {
        let path = ForeignText(route.path)
        earlier = table[path, default: [:]].updateValue(route.handler, forKey: route.method)
      }
      guard earlier == nil else {
        throw RouteConflict(claim: "\(route.method.rawValue) \(route.path)")
      }
    }
  }

  /// Answers `request`. Never fails: an error becomes its answer, and what the client must not
  /// read of it goes to the log under the request's id.
  public func respond(to request: Request) async -> Response {
    var response: Response
    do {
      response = try await answer(request)
    } catch {
      let error = httpError(for: error)
      if let detail = error.logDetail {
        logger.error(
          "request failed",
          metadata: [
            "request": "\(request.id)", "path": "\(request.path)",
            "status": "\(error.status.code)", "code": "\(error.code)", "detail": "\(detail)",
          ])
      }
      response = Response(error, accept: request.header(.accept))
    }
    cors.apply(to: &response, origin: request.header(.origin))
    return finished(response, id: request.id)
  }

  /// The answer to what never became a request that has a route.
  public func refusal(_ error: HTTPError, accept: ForeignText?, id: String) -> Response {
    finished(Response(error, accept: accept), id: id)
  }

  /// Adds what every answer has.
  private func finished(_ response: Response, id: String) -> Response {
    var response = response
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.xRequestID] = id
    if !response.headers.contains(.cacheControl) { response.headers[.cacheControl] = "no-store" }
    return response
  }

  private func answer(_ request: Request) async throws -> Response {
    guard let (methods, parameters) = find(ForeignText(latin1: request.path)) else {
      throw HTTPError.notFound
    }
    // `HEAD` is answered as `GET`; whoever writes the answer out leaves its body away.
    guard let handler = methods[request.method == .head ? .get : request.method] else {
      let allow = allowed(methods)
      guard request.method == .options else { throw HTTPError.methodNotAllowed(allow: allow) }
      var response = Response(status: .noContent, headers: [.allow: allow])
      cors.allow(allow, in: &response, origin: request.header(.origin))
      return response
    }
    var request = request
    request.pathParameters = parameters
    return try await handler(request)
  }

  private func find(_ path: ForeignText) -> (methods: Methods, parameters: [String: String])? {
    if let methods = table[path] { return (methods, [:]) }
    for (pattern, methods) in patterns {
      if let parameters = pattern.parameters(of: path) { return (methods, parameters) }
    }
    return nil
  }

  private func allowed(_ methods: Methods) -> String {
    var names = Set(methods.keys.map(\.rawValue)).union(["OPTIONS"])
    if names.contains("GET") { names.insert("HEAD") }
    return names.sorted().joined(separator: ", ")
  }

  /// An unknown error is named by its type alone: its description might hold what came in.
  private func httpError(for error: any Error) -> HTTPError {
    (error as? HTTPError) ?? explain(error)
      ?? .internalServerError(logDetail: String(reflecting: type(of: error)))
  }
}

/// Two modules claim one route.
public struct RouteConflict: Error, CustomStringConvertible {
  let claim: String

  public var description: String { "two modules claim \(claim)" }
}

extension HTTPField.Name {
  static let xRequestID = Self("X-Request-Id")!
}
