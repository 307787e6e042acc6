import ForeignInput
import HTTPTypes

/// Which pages of other origins may read the answers (the Fetch Standard, "CORS protocol").
///
/// The caller's origin is named, never `*`, and no credentials are allowed: cookies are for this
/// site's own pages.
public struct CORSPolicy: Sendable {
  private let allowedOrigins: Set<ForeignText>

  /// - Parameter allowedOrigins: such as `https://app.example.com`; none turns CORS off.
  public init(allowedOrigins: [String] = []) {
    self.allowedOrigins = Set(allowedOrigins.map { ForeignText($0) })
  }

  /// Adds to an answer what lets the caller's page read it.
  func apply(to response: inout Response, origin: ForeignText?) {
    guard !allowedOrigins.isEmpty else { return }
    response.add(HTTPField(name: .vary, value: "Origin"))
    guard let origin, allowedOrigins.contains(origin) else { return }
    response.headers[.accessControlAllowOrigin] = origin.latin1
    response.headers[.accessControlExposeHeaders] = "Retry-After, WWW-Authenticate, X-Request-Id"
  }

  /// Adds to the answer to `OPTIONS` what the caller's page may send.
  func allow(_ methods: String, in response: inout Response, origin: ForeignText?) {
    guard let origin, allowedOrigins.contains(origin) else { return }
    response.headers[.accessControlAllowMethods] = methods
    response.headers[.accessControlAllowHeaders] = "Authorization, Content-Type"
    response.headers[.accessControlMaxAge] = "600"
  }
}
