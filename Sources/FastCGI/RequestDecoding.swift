public import ForeignInput
public import FoundationEssentials
import HTTPTypes
public import HandlerKit
import SystemCalls

/// What came over a connection, before anybody has looked at it.
public struct IncomingRequest: Sendable {
  /// The largest body that a request may have, in bytes.
  public static let bodyLimit = 16 * 1024

  /// How many parameters a request may have. A web server sends some twenty, and one for each
  /// header; `HTTPFields` cannot hold more than 65,535.
  public static let parameterLimit = 1_000

  /// CGI's variables (RFC 3875 §4.1), in the order in which they came.
  public var parameters: [(name: ForeignText, value: ForeignText)]
  public var body: [UInt8]
  /// Whether there was more body than `bodyLimit`; `body` is then not all of it.
  public var bodyIsTooLarge: Bool

  public init(
    parameters: [(name: ForeignText, value: ForeignText)], body: [UInt8] = [],
    bodyIsTooLarge: Bool = false
  ) {
    self.parameters = parameters
    self.body = body
    self.bodyIsTooLarge = bodyIsTooLarge
  }

  /// The request: always one and the same for the same bytes.
  ///
  /// The path is taken from `REQUEST_URI` alone, as the client sent it; what the web server made
  /// of it in `SCRIPT_NAME` and the like is never looked at, so there is nothing to disagree with.
  /// - Throws: 400 for what is no request, 413 for one that is too large, 431 for one with too many
  ///   headers.
  public func decoded(at time: Date) throws(HTTPError) -> Request {
    guard parameters.count <= Self.parameterLimit else { throw .headerFieldsTooLarge }
    var single: [ForeignText: ForeignText] = [:]
    var headers = HTTPFields()
    for (name, value) in parameters {
      if let header = headerName(name) {
        guard !onlyOnce.contains(header) || !headers.contains(header) else {
          throw .badRequest("Bad request")
        }
        headers.append(HTTPField(name: header, value: value.latin1))
      } else if single.updateValue(value, forKey: name) != nil {
        throw .badRequest("Bad request")
      }
    }

    let length = single["CONTENT_LENGTH"] ?? ""
    guard let method = single["REQUEST_METHOD"].flatMap({ HTTPRequest.Method($0.latin1) }),
      let target = single["REQUEST_URI"], target.bytes.first == UInt8(ascii: "/"),
      let declared = length.isEmpty ? 0 : decimal(length)
    else { throw .badRequest("Bad request") }
    guard declared <= Self.bodyLimit, !bodyIsTooLarge else { throw .contentTooLarge }
    guard declared == body.count else { throw .badRequest("Bad request") }

    let halves = target.bytes.parts(between: "?", atMost: 2).map { ForeignText($0).latin1 }
    return Request(
      method: method,
      path: halves[0],
      query: halves.count == 2 ? halves[1] : "",
      headers: headers,
      body: body,
      remoteAddress: single["REMOTE_ADDR"]?.latin1 ?? "",
      id: requestID(single["REQUEST_ID"]),
      time: time)
  }

  /// The first parameter of this name.
  func first(_ name: ForeignText) -> ForeignText? {
    parameters.first { $0.name == name }?.value
  }
}

/// Headers that must not come twice: which of two would count is a question not to be asked.
private let onlyOnce: Set<HTTPField.Name> = [
  .authorization, .contentEncoding, .contentLength, .contentType, .cookie, .origin,
]

/// `CONTENT_TYPE` and `HTTP_ACCEPT_LANGUAGE` are headers; `REQUEST_METHOD` is not, and neither are
/// the copies `HTTP_CONTENT_TYPE` and `HTTP_CONTENT_LENGTH` that nginx sends besides.
private func headerName(_ parameter: ForeignText) -> HTTPField.Name? {
  if parameter == "CONTENT_TYPE" { return .contentType }
  guard parameter.bytes.starts(with: "HTTP_".utf8),
    !parameter.bytes.starts(with: "HTTP_CONTENT_".utf8) || parameter == "HTTP_CONTENT_ENCODING"
  else { return nil }
  let name = parameter.bytes.dropFirst(5).map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
  return HTTPField.Name(ForeignText(name).latin1)
}

/// Digits and nothing else, and not so many that they could overflow.
private func decimal(_ text: ForeignText) -> Int? {
  let isDecimal = text.bytes.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
  return isDecimal ? Int(text.latin1) ?? .max : nil
}

/// The web server's id for the request, where it passes one that can stand in a header and a log
/// line; else a new one.
func requestID(_ given: ForeignText?) -> String {
  if let given, 1...64 ~= given.bytes.count,
    given.bytes.allSatisfy({
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    })
  {
    return given.latin1
  }
  return System.randomID().replacing("-", with: "")
}
