public import ForeignInput
import HTTPTypes
public import Logging

/// Finds the route of a request and gives every answer what all answers have.
public final class Router: Sendable {
  /// Says what the client is told of an error that is not an `HTTPError`; `nil` means 500.
  public typealias ErrorExplanation = @Sendable (any Error) -> HTTPError?

  /// The routes of one path.
  private struct Routes {
    let path: String
    /// The place of the path among `paths(of:)`.
    let number: Int
    var handlers: [HTTPRequest.Method: Route.Handler] = [:]
  }

  /// By path, which has one Unicode scalar for each byte, as `Request.path`.
  private let table: [String: Routes]
  private let patterns: [PathPattern: Routes]
  private let cors: CORSPolicy
  private let logger: Logger
  private let explain: ErrorExplanation
  private let observers: [any RequestObserver]

  /// - Parameter observers: see each request, in this order.
  /// - Throws: `RouteConflict` where two modules claim one route, or two paths with open segments
  ///   overlap: which of them answers must not be left to chance.
  public init(
    _ modules: [any HandlerModule],
    cors: CORSPolicy = CORSPolicy(),
    logger: Logger,
    explain: @escaping ErrorExplanation = { _ in nil },
    observers: [any RequestObserver] = []
  ) throws {
    self.cors = cors
    self.logger = logger
    self.explain = explain
    self.observers = observers
    let numbers = Dictionary(
      uniqueKeysWithValues: Self.paths(of: modules).enumerated().map { ($1, $0) })
    var table: [String: Routes] = [:]
    var patterns: [PathPattern: Routes] = [:]
    for route in modules.flatMap(\.routes) {
      let earlier: Route.Handler?
      let routes = Routes(path: route.path, number: numbers[route.path] ?? 0)
      if let pattern = PathPattern(route.path) {
        if let other = patterns.keys.first(where: { $0 != pattern && $0.overlaps(pattern) }) {
          throw RouteConflict(claim: "paths that fit both \(other) and \(pattern)")
        }
        earlier = patterns[pattern, default: routes]
          .handlers.updateValue(route.handler, forKey: route.method)
      } else {
        let path = ForeignText(route.path).latin1
        earlier = table[path, default: routes]
          .handlers.updateValue(route.handler, forKey: route.method)
      }
      guard earlier == nil else {
        throw RouteConflict(claim: "\(route.method.rawValue) \(route.path)")
      }
    }
    self.table = table
    self.patterns = patterns
  }

  /// The paths of all routes, each once.
  public static func paths(of modules: [any HandlerModule]) -> [String] {
    var seen: Set<String> = []
    return modules.flatMap(\.routes).map(\.path).filter { seen.insert($0).inserted }
  }

  /// Answers `request`. Never fails: an error becomes its answer, and what the client must not
  /// read of it goes to the log under the request's id.
  public func respond(to request: Request) async -> Response {
    let start = observers.isEmpty ? nil : ContinuousClock.now
    let found = find(request.path)
    var response: Response
    var failure: HTTPError?
    do {
      response = try await answer(request, found)
    } catch {
      let error = httpError(for: error)
      failure = error
      if let detail = error.logDetail {
        logger.error(
          "request failed",
          metadata: [
            "request": "\(request.id)", "route": "\(found?.routes.path ?? "-")",
            "status": "\(error.status.code)", "code": "\(error.code)", "detail": "\(detail)",
          ])
      }
      response = Response(error, accept: request.header(.accept))
    }
    cors.apply(to: &response, origin: request.header(.origin))
    finish(&response, id: request.id)
    if let start {
      let outcome = RequestOutcome(
        route: found?.routes.path, routeNumber: found?.routes.number, error: failure,
        duration: .now - start)
      for observer in observers { observer.observe(request, response, outcome) }
    }
    return response
  }

  /// The answer to what never became a request that has a route.
  public func refusal(
    _ error: HTTPError, accept: ForeignText?, origin: ForeignText?, id: String
  ) -> Response {
    var response = Response(error, accept: accept)
    cors.apply(to: &response, origin: origin)
    finish(&response, id: id)
    return response
  }

  /// Adds what every answer has.
  private func finish(_ response: inout Response, id: String) {
    if response.has(.xRequestID) { response.headers[.xRequestID] = nil }
    response.add(HTTPField(name: .xRequestID, value: id))
    response.addFieldsOfEveryAnswer()
  }

  private func answer(_ request: Request, _ found: Found?) async throws -> Response {
    guard let (routes, parameters) = found else { throw HTTPError.notFound }
    // `HEAD` is answered as `GET`; what writes the answer out omits its body.
    let method = request.method == .head ? .get : request.method
    guard let handler = routes.handlers[method] else {
      let allow = allowed(routes)
      guard request.method == .options else { throw HTTPError.methodNotAllowed(allow: allow) }
      var response = Response(status: .noContent, headers: [.allow: allow])
      cors.allow(allow, in: &response, origin: request.header(.origin))
      return response
    }
    // Most paths leave nothing open, and to change a request copies it.
    if parameters.isEmpty { return try await handler(request) }
    var request = request
    request.pathParameters = parameters
    return try await handler(request)
  }

  /// The path of the route that `path` fits, such as `/sessions/{id}`, whatever the method; `nil`
  /// where there is none.
  public func route(ofPath path: String) -> String? { find(path)?.routes.path }

  private typealias Found = (routes: Routes, parameters: [String: String])

  private func find(_ path: String) -> Found? {
    if let routes = table[path] { return (routes, [:]) }
    for (pattern, routes) in patterns where pattern.mayFit(path) {
      if let parameters = pattern.parameters(of: ForeignText(latin1: path)) {
        return (routes, parameters)
      }
    }
    return nil
  }

  private func allowed(_ routes: Routes) -> String {
    var names = Set(routes.handlers.keys.map(\.rawValue)).union(["OPTIONS"])
    if names.contains("GET") { names.insert("HEAD") }
    return names.sorted().joined(separator: ", ")
  }

  /// An unknown error is named by its type alone: its description might hold what came in.
  private func httpError(for error: any Error) -> HTTPError {
    (error as? HTTPError) ?? explain(error)
      ?? .internalServerError(logDetail: String(reflecting: type(of: error)))
  }
}

extension HTTPField.Name {
  static let xRequestID = Self("X-Request-Id")!
}
