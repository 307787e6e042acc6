import HandlerKit
import Logging

/// One line a request at `info`: setting `log.requests`.
///
/// What a client sent is not in it but for the method, where that is one of ours: of the path only the
/// route that it fits, and nothing of the query.
struct RequestLog: RequestObserver {
  private let logger: Logger

  init(_ logger: Logger) { self.logger = logger }

  static func isWanted(_ configuration: PosternConfiguration) -> Bool {
    configuration.logsRequests && configuration.logLevel <= .info
  }

  func observe(_ request: Request, _ response: Response, _ outcome: RequestOutcome) {
    logger.info("request", metadata: Self.fields(request, response, outcome))
  }

  private static func fields(
    _ request: Request, _ response: Response, _ outcome: RequestOutcome
  ) -> Logger.Metadata {
    let duration = outcome.duration.components
    let microseconds = duration.seconds * 1_000_000 + duration.attoseconds / 1_000_000_000_000
    let method = request.method.rawValue
    var fields: Logger.Metadata = [
      "request": "\(request.id)",
      "method": "\(methods.contains(method) ? method : "-")",
      "route": "\(outcome.route ?? "-")",
      "status": "\(response.status.code)",
      "microseconds": "\(microseconds)",
    ]
    if let session = response.session { fields["session"] = "\(session)" }
    return fields
  }

  private static let methods: Set = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
  ]
}
