import ForeignInput
import Foundation
import HTTPTypes

@testable import FastCGI
@testable import HandlerKit

/// A request as bytes: `NAME=value` and NUL for each parameter, one NUL more, and the body.
struct SentRequest {
  var parameters: [[UInt8]] = []
  var body: [UInt8] = []

  init(_ bytes: [UInt8]) {
    var rest = bytes
    while !rest.isEmpty {
      let (entry, others) = rest.cut(at: 0)
      rest = others
      if entry.isEmpty { break }
      parameters.append(entry)
    }
    body = rest
  }

  init(_ parameters: [(name: String, value: [UInt8])], body: [UInt8]) {
    self.parameters = parameters.map { Array($0.name.utf8) + [UInt8(ascii: "=")] + $0.value }
    self.body = body
  }

  /// As a web server sends one.
  init(
    _ method: String, _ target: String, _ headers: [String: String] = [:], _ body: String = "",
    type: String? = nil
  ) {
    var parameters: [(String, [UInt8])] = [
      ("REQUEST_METHOD", Array(method.utf8)), ("REQUEST_URI", Array(target.utf8)),
      ("CONTENT_LENGTH", Array("\(body.utf8.count)".utf8)),
      ("REMOTE_ADDR", Array("192.0.2.1".utf8)), ("REQUEST_ID", Array("8d6a00ff".utf8)),
      ("HTTP_HOST", Array("localhost:8080".utf8)),
    ]
    if let type { parameters.append(("CONTENT_TYPE", Array(type.utf8))) }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
      parameters.append((name, Array(value.utf8)))
    }
    self.init(parameters, body: Array(body.utf8))
  }

  var bytes: [UInt8] { parameters.flatMap { $0 + [0] } + [0] + body }

  /// As the FastCGI library hands them over: C strings.
  var asEnvironment: ReceivedParameters {
    let strings = parameters.map { entry in
      let text = UnsafeMutablePointer<CChar>.allocate(capacity: entry.count + 1)
      for (index, byte) in entry.enumerated() { text[index] = CChar(bitPattern: byte) }
      text[entry.count] = 0
      return text
    }
    defer { for text in strings { text.deallocate() } }
    var pointers: [UnsafeMutablePointer<CChar>?] = strings + [nil]
    return pointers.withUnsafeMutableBufferPointer {
      ReceivedParameters(environment: $0.baseAddress)
    }
  }

  var asPairs: ReceivedParameters {
    ReceivedParameters(
      parameters.map { entry in
        let (name, value) = entry.cut(at: UInt8(ascii: "="))
        return (ForeignText(name), ForeignText(value))
      })
  }
}

extension IncomingRequest {
  /// What it is decoded to.
  var outcome: Result<Request, HTTPError> {
    do { return .success(try decoded(at: now)) } catch { return .failure(error) }
  }
}

extension Request {
  /// The request as one is sent that says the same.
  var sent: SentRequest {
    let query = query.isEmpty ? [] : [UInt8(ascii: "?")] + ForeignText(latin1: query).bytes
    var parameters: [(name: String, value: [UInt8])] = [
      ("REQUEST_METHOD", Array(method.rawValue.utf8)),
      ("REQUEST_URI", ForeignText(latin1: path).bytes + query),
      ("CONTENT_LENGTH", Array("\(body.count)".utf8)),
      ("REMOTE_ADDR", ForeignText(latin1: remoteAddress).bytes), ("REQUEST_ID", Array(id.utf8)),
    ]
    for field in headers {
      let name = field.name.canonicalName.uppercased().replacing("-", with: "_")
      parameters.append(
        (name == "CONTENT_TYPE" ? name : "HTTP_\(name)", ForeignText(latin1: field.value).bytes))
    }
    return SentRequest(parameters, body: body)
  }

  /// Where it says otherwise than another one, if anywhere.
  func difference(from other: Request) -> String? {
    if method != other.method { return "method" }
    if ForeignText(path) != ForeignText(other.path) { return "path" }
    if ForeignText(query) != ForeignText(other.query) { return "query" }
    if body != other.body { return "body" }
    if ForeignText(remoteAddress) != ForeignText(other.remoteAddress) { return "address" }
    if headers != other.headers { return "headers: \(headers) and \(other.headers)" }
    return nil
  }
}
