import HTTPTypes
public import HandlerKit

extension Response {
  /// The response as CGI writes it (RFC 3875 §6.2): `Status`, the headers, the body.
  ///
  /// An interim status (1xx) cannot be sent this way; it becomes 500. `Content-Length` is always
  /// set, but for 204 and 304, which have no body (RFC 9110 §6.4.1).
  public func encoded(to method: HTTPRequest.Method) -> [UInt8] {
    var status = status
    var body = body
    if status.kind == .informational || status.kind == .invalid {
      status = .internalServerError
      body = []
    }
    let mayHaveBody = status != .noContent && status != .notModified

    var answer: [UInt8] = []
    answer.reserveCapacity(512 + body.count)
    answer.append("Status: ")
    answer.append(String(status.code))
    answer.append(" ")
    answer.append(status.reasonPhrase)
    answer.append("\r\n")
    appendFields(to: &answer)
    if mayHaveBody {
      answer.append("Content-Length: ")
      answer.append(String(body.count))
      answer.append("\r\n")
    }
    answer.append("\r\n")
    if mayHaveBody, method != .head { answer += body }
    return answer
  }
}
