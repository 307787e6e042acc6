import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// What a page of the service's own site sends in cookie mode.
class CookieTestCase: TemporaryFolderTestCase {
  static let own: HTTPFields = [
    HTTPField.Name("Host")!: "app.example:8443", .origin: "https://app.example:8443",
  ]

  func post(
    _ house: TestHouse, _ path: String, _ json: [String: Any] = [:],
    cookie: String? = nil, headers: HTTPFields = own, at time: Date = TestHouse.now
  ) async -> Response {
    var headers = headers
    if let cookie { headers[.cookie] = "other=1; __Host-refresh=\(cookie); last=2" }
    return await house.router.respond(
      to: .make(.post, path, json: json, headers: headers, at: time))
  }

  /// The token that the answer puts into the cookie.
  /// - Parameter maxAge: for how long; `nil` for as long as the browser runs.
  func token(_ response: Response, maxAge: Int? = 30 * 86_400) throws -> String {
    let header = try XCTUnwrap(
      response.headers[values: .setCookie].first { $0.hasPrefix("__Host-refresh=") })
    let age = maxAge.map { "; Max-Age=\($0)" } ?? ""
    XCTAssertTrue(header.hasSuffix("; HttpOnly; Secure; SameSite=Strict; Path=/\(age)"), header)
    let value = header.dropFirst("__Host-refresh=".count).prefix { $0 != ";" }
    return String(value)
  }

  func logIn(
    _ house: TestHouse, _ username: String = "alice", remember: Any? = nil,
    cookie: String? = nil, headers: HTTPFields = own, at time: Date = TestHouse.now
  ) async -> Response {
    var json: [String: Any] = [
      "username": username, "password": TestHouse.password, "session": "cookie",
    ]
    json["remember"] = remember
    return await post(house, "/login", json, cookie: cookie, headers: headers, at: time)
  }

  func signedIn() async throws -> (TestHouse, token: String) {
    let house = try await TestHouse(folder: folder)
    try house.addUser("alice")
    let response = await logIn(house)
    XCTAssertEqual(response.status, .ok)
    XCTAssertNil(response.json["refreshToken"])
    XCTAssertNotNil(response.json["user"])
    return (house, try token(response))
  }
}
