import ForeignInput
import Foundation
import HTTPTypes

@testable import Authentication
@testable import HandlerKit

/// Five lines: the headers `Cookie`, `Origin`, `Host`, `Sec-Fetch-Site` and `Content-Type`.
struct CookiesTarget: FuzzTarget {
  static let name = "cookies"

  func seeds() -> [[UInt8]] {
    [
      "__Host-refresh=a.b.c; __Host-device=d\nhttp://localhost\nlocalhost\n\napplication/json",
      "a=b; __Host-refresh=x;__Host-refresh=y\n\nlocalhost\nsame-origin\napplication/json; charset=utf-8",
      " \t__Host-device==; ;;=\nHTTPS://A.example\na.EXAMPLE\ncross-site\ntext/plain",
    ].map { Array($0.utf8) }
  }

  let words = [
    "__Host-refresh=", "__Host-device=", "; ", ";", "=", "http://", "https://", "localhost",
    "same-origin",
    "application/json", "\u{37e}", "\t",
  ]

  func run(_ bytes: [UInt8]) throws {
    let lines = bytes.lines(5)
    let names = ["HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_HOST", "HTTP_SEC_FETCH_SITE", "CONTENT_TYPE"]
    var block: [UInt8] = []
    var fields: [ReceivedHeaders.Field] = []
    for (name, value) in zip(names, lines) where !value.isEmpty {
      let start = block.count
      block += Array(name.utf8) + [UInt8(ascii: "=")] + value
      fields.append(.init(start: start, nameLength: name.utf8.count, end: block.count))
    }
    let request = Request(
      method: .post, path: "/", query: "",
      received: ReceivedHeaders(block: block, fields: fields), body: [], remoteAddress: "", id: "",
      time: now)
    for cookie in [HostCookie.refresh, .device] { check(cookie, request) }
    if request.isFromOwnOrigin, let origin = request.header(.origin) {
      let host = (request.header(.ownHost) ?? "").bytes.lowercasedASCII
      let isOwn = ["http://", "https://"].contains {
        origin.bytes.lowercasedASCII == Array($0.utf8) + host
      }
      require(isOwn && !host.isEmpty, "another origin passes for our own")
    }
  }

  private func check(_ cookie: HostCookie, _ request: Request) {
    let values = cookie.valuesFromAnywhere(of: request)
    for value in values {
      require(!value.isEmpty && !value.bytes.contains(UInt8(ascii: ";")), "no value of a cookie")
      let header = cookie.setting(value.latin1, maxAge: nil).value.prefix { $0 != ";" }
      var again = Request(method: .get, path: "/")
      again.headers[.cookie] = String(header)
      // A value that no answer can have has been made another one.
      guard again.headers[.cookie]?.hasSuffix(value.latin1) == true else { continue }
      require(cookie.valuesFromAnywhere(of: again) == [value], "set and sent it differs")
    }
    if let value = cookie.value(of: request) {
      require(values == [value] && request.isFromOwnPage, "a cookie that is not this page's")
    }
  }
}
