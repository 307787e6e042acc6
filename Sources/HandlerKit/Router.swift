import HTTPTypes
public import Logging

/// Finds the route of a request and gives every answer what all answers have.
public struct Router: Sendable {
  /// Says what the client is told of an error that is not an `HTTPError`; `nil` means 500.
  public typealias ErrorExplanation = @Sendable (any Error) -> HTTPError?

  private let table: [String: [HTTPRequest.Method: Route.Handler]]
  private let logger: Logger
  private let explain: ErrorExplanation

  /// - Throws: `RouteConflict` where two modules claim one route.
  public init(
    _ modules: [any HandlerModule],
    logger: Logger,
    explain: @escaping ErrorExplanation = { _ in nil }
  ) throws {
    var table: [String: [HTTPRequest.Method: Route.Handler]] = [:]
    for module in modules {
      for route in module.routes {
        let earlier = table[route.path, default: [:]].updateValue(
          route.handler, forKey: route.method)
        guard earlier == nil else {
          throw RouteConflict(method: route.method, path: route.path)
        }
      }
    }
    self.table = table
    self.logger = logger
    self.explain = explain
  }

  /// Answers `request`. Never fails: an error becomes its answer, and what the client must not
  /// read of it goes to the log under the request's id.
  public func respond(to request: Request) async -> Response {
    do {
      return finished(try await handler(for: request)(request), id: request.id)
    } catch {
      let error = httpError(for: error)
      if let detail = error.logDetail {
        logger.error(
          "request failed",
          metadata: [
            "request": "\(request.id)", "path": "\(request.path)", "status": "\(error.status.code)",
            "code": "\(error.code)", "detail": "\(detail)",
          ])
      }
      return refusal(error, accept: request.headers[.accept], id: request.id)
    }
  }

  /// The answer to what never became a request that has a route.
  public func refusal(_ error: HTTPError, accept: String?, id: String) -> Response {
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

  /// `HEAD` is answered as `GET`; whoever writes the answer out leaves its body away.
  private func handler(for request: Request) throws(HTTPError) -> Route.Handler {
    guard let methods = table[request.path] else { throw .notFound }
    if let handler = methods[request.method == .head ? .get : request.method] { return handler }

    var allowed = Set(methods.keys.map(\.rawValue)).union(["OPTIONS"])
    if allowed.contains("GET") { allowed.insert("HEAD") }
    let allow = allowed.sorted().joined(separator: ", ")
    guard request.method == .options else { throw .methodNotAllowed(allow: allow) }
    return { _ in Response(status: .noContent, headers: [.allow: allow]) }
  }

  /// An unknown error is named by its type alone: its description might hold what came in.
  private func httpError(for error: any Error) -> HTTPError {
    (error as? HTTPError) ?? explain(error)
      ?? .internalServerError(logDetail: String(reflecting: type(of: error)))
  }
}

/// Two modules claim one route.
public struct RouteConflict: Error, CustomStringConvertible {
  let method: HTTPRequest.Method
  let path: String

  public var description: String { "two modules claim \(method.rawValue) \(path)" }
}

extension HTTPField.Name {
  static let xRequestID = Self("X-Request-Id")!
}
