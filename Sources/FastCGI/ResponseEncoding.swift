import HTTPTypes
public import HandlerKit

extension Response {
  /// The response as CGI writes it (RFC 3875 §6.2): `Status`, the headers, the body.
  ///
  /// `HTTPField` holds no CR or LF, so no value can end its line. An interim status (1xx) cannot
  /// be sent this way; it becomes 500. `Content-Length` is always set, but for 204 and 304, which
  /// have no body (RFC 9110 §6.4.1).
  public func encoded(to method: HTTPRequest.Method) -> [UInt8] {
    var status = status
    var body = body
    if status.kind == .informational || status.kind == .invalid {
      status = .internalServerError
      body = []
    }
    let mayHaveBody = status != .noContent && status != .notModified

    var head = "Status: \(status.code) \(status.reasonPhrase)\r\n"
    for field in headers where field.name != .contentLength {
      head += "\(field.name.rawName): \(field.value)\r\n"
    }
    if mayHaveBody { head += "Content-Length: \(body.count)\r\n" }
    head += "\r\n"
    return Array(head.utf8) + (mayHaveBody && method != .head ? body : [])
  }
}
