import FastCGIRecords
import ForeignInput
public import FoundationEssentials
import HTTPTypes
public import HandlerKit
import SystemCalls

/// What came over a connection, before anything has looked at it.
public struct IncomingRequest: Sendable {
  /// The largest body that a request may have, in bytes.
  public static let bodyLimit = RequestAssembly.bodyLimit

  /// How many parameters a request may have.
  public static let parameterLimit = RequestAssembly.parameterLimit

  public var parameters: ReceivedParameters
  public var body: [UInt8]
  /// Whether there was more body than `bodyLimit`; `body` is then not all of it.
  public var bodyIsTooLarge: Bool
  /// Why `parameters` are not those that came; `nil` where they are.
  var refusal: HTTPError?

  public init(parameters: ReceivedParameters, body: [UInt8] = [], bodyIsTooLarge: Bool = false) {
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
    if let refusal { throw refusal }
    guard parameters.entries.count <= Self.parameterLimit else { throw .headerFieldsTooLarge }
    let found = try FoundParameters(parameters)
    let bytes = parameters.block.span

    guard let method = found.method.flatMap({ HTTPRequest.Method(latin1(parameters.block[$0])) }),
      let target = found.target, !target.isEmpty, bytes[target.lowerBound] == UInt8(ascii: "/"),
      let declared = found.length.map({ decimal(parameters.block[$0]) }) ?? 0
    else { throw .badRequest("Bad request") }
    guard declared <= Self.bodyLimit, !bodyIsTooLarge else { throw .contentTooLarge }
    guard declared == body.count else { throw .badRequest("Bad request") }

    let mark = target.first { bytes[$0] == UInt8(ascii: "?") } ?? target.upperBound
    return Request(
      method: method,
      path: latin1(parameters.block[target.lowerBound..<mark]),
      query: latin1(parameters.block[mark..<target.upperBound].dropFirst()),
      received: ReceivedHeaders(block: parameters.block, fields: parameters.entries),
      body: body,
      remoteAddress: found.address.map { latin1(parameters.block[$0]) } ?? "",
      id: requestID(found.id.map { parameters.block[$0] }),
      time: time)
  }
}

/// The parameters that make a request, each where it lies.
private struct FoundParameters {
  private(set) var method, target, length, address, id: Range<Int>?
  private var authorization, contentEncoding, contentType, cookie, origin: Range<Int>?

  /// - Throws: 400 where one that counts comes twice: which of the two would count is a question
  ///   not to be asked.
  init(_ parameters: ReceivedParameters) throws(HTTPError) {
    let bytes = parameters.block.span
    for entry in parameters.entries {
      let (name, value) = (entry.name, entry.value)
      if let header = ReceivedHeaders.headerName(name, in: bytes) {
        switch header.count {
        case 6 where bytes.isHeader(header, "COOKIE"): try set(&cookie, value)
        case 6 where bytes.isHeader(header, "ORIGIN"): try set(&origin, value)
        case 12 where bytes.isHeader(header, "CONTENT_TYPE"): try set(&contentType, value)
        case 13 where bytes.isHeader(header, "AUTHORIZATION"): try set(&authorization, value)
        case 16 where bytes.isHeader(header, "CONTENT_ENCODING"): try set(&contentEncoding, value)
        default: break
        }
      } else {
        switch name.count {
        case 10 where bytes.is(name, "REQUEST_ID"): try set(&id, value)
        case 11 where bytes.is(name, "REMOTE_ADDR"): try set(&address, value)
        case 11 where bytes.is(name, "REQUEST_URI"): try set(&target, value)
        case 14 where bytes.is(name, "REQUEST_METHOD"): try set(&method, value)
        case 14 where bytes.is(name, "CONTENT_LENGTH"): try set(&length, value)
        default: break
        }
      }
    }
  }

  private func set(_ place: inout Range<Int>?, _ value: Range<Int>) throws(HTTPError) {
    guard place == nil else { throw .badRequest("Bad request") }
    place = value
  }
}

private func latin1(_ bytes: ArraySlice<UInt8>) -> String {
  bytes.isEmpty ? "" : ForeignText(bytes).latin1
}

/// The number that these digits are, 0 where there are none; `nil` where there is anything else. So
/// many digits that they could overflow are a large number.
func decimal(_ bytes: ArraySlice<UInt8>) -> Int? {
  guard bytes.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
  return bytes.isEmpty ? 0 : Int(latin1(bytes)) ?? .max
}

/// The web server's id for the request, where it passes one that can stand in a header and a log
/// line; else a new one.
func requestID(_ given: ArraySlice<UInt8>?) -> String {
  if let given, 1...64 ~= given.count,
    given.allSatisfy({
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    })
  {
    return String(decoding: given, as: UTF8.self)
  }
  return System.randomID().replacing("-", with: "")
}

extension ReceivedParameters {
  /// The first value of this name.
  func first(_ name: StaticString) -> ForeignText? {
    let bytes = block.span
    return entries.first { bytes.is($0.name, name) }.map { ForeignText(block[$0.value]) }
  }
}

extension Router {
  /// The answer to parameters that make no request.
  func refusal(_ error: HTTPError, of parameters: ReceivedParameters) -> Response {
    refusal(
      error, accept: parameters.first("HTTP_ACCEPT"), origin: parameters.first("HTTP_ORIGIN"),
      id: requestID(parameters.first("REQUEST_ID")?.bytes[...]))
  }
}
