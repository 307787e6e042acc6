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

    var bytes: [UInt8] = []
    bytes.reserveCapacity(body.count + 512)
    func line(_ name: String, _ value: String) {
      bytes += name.utf8
      bytes += ": ".utf8
      bytes += value.utf8
      bytes += "\r\n".utf8
    }
    line("Status", "\(status.code) \(status.reasonPhrase)")
    for field in headers where field.name != .contentLength {
      line(field.name.rawName, field.value)
    }
    if mayHaveBody { line("Content-Length", String(body.count)) }
    bytes += "\r\n".utf8
    if mayHaveBody, method != .head { bytes += body }
    return bytes
  }
}
