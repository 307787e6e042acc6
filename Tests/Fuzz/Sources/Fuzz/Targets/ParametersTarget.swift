import ForeignInput
import Foundation
import HTTPTypes

@testable import FastCGI
@testable import HandlerKit

/// What the web server sends of a request, and the request that is made of it.
struct ParametersTarget: FuzzTarget {
  static let name = "parameters"

  func seeds() -> [[UInt8]] {
    [
      SentRequest("GET", "/current-user", ["HTTP_AUTHORIZATION": "Bearer a.b.c"]),
      SentRequest(
        "POST", "/login?x=1", ["HTTP_COOKIE": "__Host-device=a", "HTTP_ACCEPT": "*/*"],
        #"{"username":"alice","password":"secret"}"#, type: "application/json"),
      SentRequest("OPTIONS", "/sessions/a%20b", ["HTTP_ORIGIN": "http://localhost:8080"]),
      SentRequest("GET", "/", ["HTTP_X_ODD": "\u{e9}", "HTTP_X_TWICE": "1", "HTTP_x_twice": "2"]),
    ].map(\.bytes)
  }

  let words = [
    "REQUEST_METHOD=", "REQUEST_URI=/", "CONTENT_LENGTH=", "REMOTE_ADDR=", "REQUEST_ID=",
    "CONTENT_TYPE=", "HTTP_AUTHORIZATION=", "HTTP_COOKIE=", "HTTP_ORIGIN=", "HTTP_HOST=",
    "HTTP_CONTENT_ENCODING=", "HTTP_CONTENT_TYPE=", "HTTP_CONTENT_LENGTH=", "HTTP_", "\0", "\0\0",
    "GET", "POST", "16384", "16385", "99999999999999999999",
  ]

  func run(_ bytes: [UInt8]) {
    let sent = SentRequest(bytes)
    let environment = IncomingRequest(parameters: sent.asEnvironment, body: sent.body)
    let pairs = IncomingRequest(parameters: sent.asPairs, body: sent.body)
    switch (environment.outcome, pairs.outcome) {
    case (.failure(let error), .failure(let other)):
      require([400, 413, 431].contains(error.status.code), "\(error.status)")
      require(error.code == other.code, "\(error.code), \(other.code)")
    case (.success(let request), .success(let other)):
      if let difference = request.difference(from: other) { fail("C strings: \(difference)") }
      check(request)
    default: fail("two ways to hand the same parameters over, and two outcomes")
    }
  }

  private func check(_ request: Request) {
    require(request.path.utf8.first == UInt8(ascii: "/"), "the path is \(request.path)")
    require(!request.path.contains("?"), "there is a query in the path")
    require((1...64).contains(request.id.utf8.count), "the id is \(request.id)")
    for field in request.headers where request.header(field.name) == nil {
      fail("\(field.name) is listed, and not found")
    }
    let again = IncomingRequest(parameters: request.sent.asPairs, body: request.body)
    switch again.outcome {
    case .failure(let error): fail("sent again it is \(error.status), \(request.headers)")
    case .success(let other):
      if let difference = request.difference(from: other) { fail("sent again: \(difference)") }
      require(request.id == other.id, "sent again it has another id")
    }
  }
}
