import FoundationEssentials
public import HTTPTypes

/// One HTTP response, whole.
public struct Response: Sendable {
  public var status: HTTPResponse.Status
  public var headers: HTTPFields
  public var body: [UInt8]

  public init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// `value` as `application/json`: its keys sorted, so that equal values give equal bytes, and its
  /// dates as ISO 8601 (`2027-01-15T08:00:00Z`).
  public static func json(
    _ value: some Encodable,
    status: HTTPResponse.Status = .ok,
    contentType: String = "application/json"
  ) throws -> Response {
    let body = try JSONCoders.encoder.encode(value)
    return Response(status: status, headers: [.contentType: contentType], body: [UInt8](body))
  }

  /// `text` as `text/plain; charset=utf-8`.
  public static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status,
      headers: [.contentType: "text/plain; charset=utf-8"],
      body: [UInt8](text.utf8))
  }
}
