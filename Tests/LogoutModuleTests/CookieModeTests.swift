import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// Cookie mode, from sign-in to sign-out: what counts is who may make a browser use the cookie.
final class CookieModeTests: CookieTestCase {
  func testTheTokenIsInTheCookieAndNotInTheBody() async throws {
    let (house, parent) = try await signedIn()
    let response = await post(house, "/refresh-token", cookie: parent)
    XCTAssertEqual(response.status, .ok)
    XCTAssertNil(response.json["refreshToken"])
    XCTAssertFalse(response.accessToken.isEmpty)
    XCTAssertNotEqual(try token(response), parent)
  }

  func testReplaySetsTheCurrentTokenAgain() async throws {
    let (house, parent) = try await signedIn()
    let first = await post(house, "/refresh-token", cookie: parent)
    let second = await post(house, "/refresh-token", cookie: parent)
    XCTAssertEqual(try token(first), try token(second))
  }

  func testLogoutEndsTheSessionAndClearsTheCookie() async throws {
    let (house, parent) = try await signedIn()
    let response = await post(house, "/logout", cookie: parent)
    XCTAssertEqual(response.status, .noContent)
    XCTAssertEqual(
      response.headers[.setCookie],
      "__Host-refresh=; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=0")
    let after = await post(house, "/refresh-token", cookie: parent)
    XCTAssertEqual(after.status, .forbidden)
  }

  func testL2_TheCookieCountsOnlyFromThisSitesOwnPages() async throws {
    let (house, parent) = try await signedIn()
    let host = HTTPField.Name("Host")!
    let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
    let foreign: [HTTPFields] = [
      [host: "app.example"],
      [host: "app.example", .origin: "https://evil.example"],
      [host: "app.example", .origin: "null"],
      [host: "app.example", .origin: "https://app.example.evil.example"],
      [host: "app.example", .origin: "https://app.example:444"],
      [host: "app.example", .origin: "x://app.example"],
      [host: "app.example", .origin: "chrome-extension://app.example"],
      [host: "app.example", .origin: "https://https://app.example"],
      [host: "app.example", .origin: "app.example"],
      [host: "app.example", .origin: ""],
      [host: "", .origin: "https://"],
      [host: "\u{212A}.example", .origin: "https://k.example"],
      [host: "app.example", fetchSite: "same-site"],
      [host: "app.example", fetchSite: "cross-site"],
      [host: "app.example", .origin: "https://evil.example", fetchSite: "same-origin"],
    ]
    for headers in foreign {
      let response = await post(house, "/refresh-token", cookie: parent, headers: headers)
      XCTAssertEqual(response.status, .forbidden, "\(headers)")
      XCTAssertEqual(response.text, "Access is forbidden")
      let logout = await post(house, "/logout", cookie: parent, headers: headers)
      XCTAssertEqual(logout.status, .noContent)
      XCTAssertNil(logout.headers[.setCookie])
    }
    let own = await post(
      house, "/refresh-token", cookie: parent,
      headers: [host: "app.example", fetchSite: "same-origin"])
    XCTAssertEqual(own.status, .ok)
  }

  func testL2_TheCookieDoesNotCountInAForm() async throws {
    let (house, parent) = try await signedIn()
    var headers = Self.own
    headers[.cookie] = "__Host-refresh=\(parent)"
    headers[.contentType] = "application/x-www-form-urlencoded"
    let response = await house.router.respond(to: .make(.post, "/refresh-token", headers: headers))
    XCTAssertEqual(response.text, "Access is forbidden")
  }

  func testL2_AForeignPageCannotSignSomebodyInByCookie() async throws {
    let (house, _) = try await signedIn()
    let response = await post(
      house, "/login", ["username": "alice", "password": TestHouse.password, "session": "cookie"],
      headers: [HTTPField.Name("Host")!: "app.example", .origin: "https://evil.example"])
    XCTAssertEqual(response.status, .forbidden)
    XCTAssertNil(response.headers[.setCookie])
  }

  func testTwoCookiesOfTheNameCountAsNone() async throws {
    let (house, parent) = try await signedIn()
    var headers = Self.own
    headers[.cookie] = "__Host-refresh=\(parent); __Host-refresh=x"
    let response = await post(house, "/refresh-token", headers: headers)
    XCTAssertEqual(response.text, "Access is forbidden")
  }

  /// A sibling of this host may set cookies for it, but none whose name begins with `__Host-`.
  func testQ2_noOtherCookiePassesForTheOneOfTheName() async throws {
    let (house, parent) = try await signedIn()
    for cookie in [
      "theme=a\u{37E}__Host-refresh=\(parent)", "theme=a\u{37E} __Host-refresh=\(parent)",
      "=__Host-refresh=\(parent)", " =__Host-refresh=\(parent)", "theme=__Host-refresh=\(parent)",
      "theme=a,__Host-refresh=\(parent)", "theme=\"a;\" __Host-refresh=\(parent)",
      "a=b;\u{301}__Host-refresh=\(parent)", "__host-refresh=\(parent)",
      "__Host-refresh\u{301}=\(parent)", "__Host-refresh =\(parent)", "x__Host-refresh=\(parent)",
      "__Host-refresh==\(parent)", "__Host-refresh=\"\(parent)\"",
      "__Host-refresh\u{338}=\(parent)",
      "__Host-refresh=\u{338}\(parent)", "\u{A0}__Host-refresh=\(parent)",
    ] {
      var headers = Self.own
      headers.append(HTTPField(name: .cookie, value: cookie))
      let response = await post(house, "/refresh-token", headers: headers)
      XCTAssertEqual(response.status, .forbidden, cookie)
    }
    for cookie in [
      "__Host-refresh=\(parent)", "a=\u{37E};__Host-refresh=\(parent)",
      "a=b;\t__Host-refresh=\(parent) ; \u{E9}=\u{FF}", "; ;=;a; __Host-refresh=\(parent)",
    ] {
      var headers = Self.own
      headers.append(HTTPField(name: .cookie, value: cookie))
      let response = await post(house, "/refresh-token", headers: headers)
      XCTAssertEqual(response.status, .ok, cookie)
    }
  }

  func testATokenInTheBodyIsAnsweredInTheBody() async throws {
    let (house, parent) = try await signedIn()
    let response = await post(house, "/refresh-token", ["refreshToken": parent], cookie: "x")
    XCTAssertEqual(response.status, .ok)
    XCTAssertFalse(response.refreshToken.isEmpty)
    XCTAssertNil(response.headers[.setCookie])
  }
}
