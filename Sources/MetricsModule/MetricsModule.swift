public import HandlerKit

/// `GET /metrics`: the figures of all workers. They are nobody's secrets, and nobody's business but
/// the operator's: the web server lets only this machine in.
public struct MetricsModule: HandlerModule {
  public static let name = "metrics"

  private let contentType: String
  private let text: @Sendable () -> String

  /// - Parameter text: makes the answer, of `contentType`.
  public init(contentType: String, text: @escaping @Sendable () -> String) {
    self.contentType = contentType
    self.text = text
  }

  public var routes: [Route] {
    Route(.get, "/metrics") { _ in
      Response(
        status: .ok, headers: [.contentType: contentType], body: Array(text().utf8))
    }
  }
}
