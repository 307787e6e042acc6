import Accounts
import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// A browser that has signed in before is not kept out by what strangers do.
final class KnownBrowserTests: LoginTestCase {
  private static let own: HTTPFields = [
    HTTPField.Name("Host")!: "app.example", .origin: "https://app.example",
  ]
  private static let secret = TestHouse.password

  private func signIn(
    _ house: TestHouse, _ name: String = "alice", _ password: String = secret, device: Any? = nil,
    cookie: String? = nil, from address: String = "192.0.2.1", after seconds: TimeInterval = 0,
    headers: HTTPFields = own
  ) async -> Response {
    var json: [String: Any] = ["username": name, "password": password]
    json["device"] = device
    var headers = headers
    if let cookie { headers[.cookie] = "__Host-device=\(cookie)" }
    return await house.router.respond(
      to: .make(
        .post, "/login", json: json, headers: headers, from: address,
        at: TestHouse.now.addingTimeInterval(seconds)))
  }

  private func cookie(_ response: Response) -> String? {
    response.headers[values: .setCookie].first { $0.hasPrefix("__Host-device=") }
      .map { String($0.dropFirst("__Host-device=".count).prefix { $0 != ";" }) }
  }

  /// As many failures as strangers have at the account, each from few addresses.
  private func attack(_ house: TestHouse, _ name: String = "alice") async {
    for number in 0..<100 {
      _ = await signIn(house, name, "wrong", from: "198.51.100.\(number / 10)", headers: [:])
    }
    let next = await signIn(house, name, from: "198.51.100.99", headers: [:])
    XCTAssertEqual(next.status, .tooManyRequests)
  }

  func testQ3_aSignInFromTheOwnPageNamesTheBrowserInACookie() async throws {
    let house = try await house(isThrottled: true)
    let response = await signIn(house)
    let header = try XCTUnwrap(
      response.headers[values: .setCookie].first { $0.hasPrefix("__Host-device=") })
    XCTAssertTrue(
      header.hasSuffix("; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=31536000"), header)
    XCTAssertNil(response.json["device"])
    let elsewhere = await signIn(house, headers: [:])
    XCTAssertEqual(elsewhere.headers[values: .setCookie], [])
    XCTAssertNil(elsewhere.json["device"])
    let wrong = await signIn(house, "alice", "wrong")
    XCTAssertEqual(wrong.headers[values: .setCookie], [])
  }

  func testQ3_aClientWithoutCookiesGetsTheNameInTheBodyIfItAsks() async throws {
    let house = try await house(isThrottled: true)
    let first = await signIn(house, device: "")
    let name = try XCTUnwrap(first.json["device"] as? String)
    XCTAssertEqual(first.headers[values: .setCookie], [])
    await attack(house)
    let known = await signIn(house, device: name, from: "198.51.100.1", headers: [:])
    XCTAssertEqual(known.status, .ok)
    XCTAssertNotNil(known.json["device"])
    for value: Any in [1, true, [], [:]] as [Any] {
      assert(await signIn(house, device: value), is: 400, Self.invalid)
    }
  }

  func testQ3_strangersDoNotKeepTheOwnersBrowserOut() async throws {
    let house = try await house(isThrottled: true)
    let name = await cookie(signIn(house))
    await attack(house)
    // Not even those behind the same address, which are refused whatever account they try.
    for number in 0..<100 {
      _ = await signIn(house, "stranger\(number)", "wrong", from: "192.0.2.7", headers: [:])
    }
    let known = await signIn(house, cookie: name, from: "192.0.2.7")
    XCTAssertEqual(known.status, .ok)
    let unknown = await signIn(house, from: "192.0.2.7")
    XCTAssertEqual(unknown.status, .tooManyRequests)
  }

  func testQ3_aKnownBrowserMayNotGuessWithoutEnd() async throws {
    let house = try await house(isThrottled: true)
    let name = await cookie(signIn(house))
    for _ in 0..<20 {
      assert(await signIn(house, "alice", "wrong", cookie: name), is: 400, Self.wrong)
    }
    let next = await signIn(house, cookie: name)
    XCTAssertEqual(next.status, .tooManyRequests)
    XCTAssertEqual(next.headers[.retryAfter], "180")
    let later = await signIn(house, cookie: name, after: 180)
    XCTAssertEqual(later.status, .ok)
    // It keeps its name, and with it its count.
    XCTAssertNotNil(cookie(later))
  }

  func testQ3_aNewNameIsOfTheSameBrowser() async throws {
    let house = try await house(isThrottled: true)
    let names = [await cookie(signIn(house)), nil]
    let second = await cookie(signIn(house, cookie: names[0], after: 5))
    for name in [names[0], second] {
      for _ in 0..<10 { _ = await signIn(house, "alice", "wrong", cookie: name, after: 5) }
    }
    let next = await signIn(house, cookie: second, after: 5)
    XCTAssertEqual(next.status, .tooManyRequests)
  }

  func testQ3_whatIsNoNameOfThisUsersBrowserIsAStrangers() async throws {
    let house = try await house(isThrottled: true)
    try house.addUser("bob")
    let bobs = await cookie(signIn(house, "bob")) ?? ""
    let alices = await cookie(signIn(house)) ?? ""
    let login = await signIn(house)
    await attack(house)
    let forged = [
      "", "x", bobs, String(alices.dropLast()), alices + "x", login.accessToken,
      login.refreshToken, String(repeating: "a", count: 8_000),
    ]
    for name in forged {
      let inCookie = await signIn(house, cookie: name, from: "203.0.113.9")
      XCTAssertEqual(inCookie.status, .tooManyRequests, name)
      let inBody = await signIn(house, device: name, from: "203.0.113.9")
      XCTAssertEqual(inBody.status, .tooManyRequests, name)
    }
    // The cookie counts only where this site's own page sent it.
    let foreign = await signIn(
      house, cookie: alices,
      headers: [HTTPField.Name("Host")!: "app.example", .origin: "https://b.example"])
    XCTAssertEqual(foreign.status, .tooManyRequests)
    let late = await signIn(house, cookie: alices, from: "203.0.113.9", after: 31_536_000)
    XCTAssertEqual(late.status, .ok, "strangers' failures are forgotten by then")
    let own = await signIn(house, cookie: alices, from: "203.0.113.9")
    XCTAssertEqual(own.status, .ok)
  }

  func testQ3_changingThePasswordAndEndingAllSessionsVoidTheNames() async throws {
    for ending in ["password", "sessions"] {
      let house = try await TestHouse(folder: "\(folder)/\(ending)", isThrottled: true)
      try house.addUser("alice")
      let login = await signIn(house)
      let name = cookie(login)
      let request =
        ending == "sessions"
        ? Request.make(.delete, "/sessions", bearer: login.accessToken, headers: Self.own)
        : .make(
          .post, "/password",
          json: ["currentPassword": Self.secret, "newPassword": "another horse by the quay"],
          bearer: login.accessToken, headers: Self.own)
      let response = await house.router.respond(to: request)
      XCTAssertEqual(response.status, .noContent)
      let password = ending == "sessions" ? Self.secret : "another horse by the quay"
      await attack(house)
      let old = await signIn(house, "alice", password, cookie: name)
      XCTAssertEqual(old.status, .tooManyRequests, ending)
      // The browser that did it is known by a new name.
      let known = await signIn(house, "alice", password, cookie: cookie(response))
      XCTAssertEqual(known.status, .ok, ending)
    }
  }

  func testQ3_aSignedInOwnerChangesThePasswordWhateverStrangersDo() async throws {
    let house = try await house(isThrottled: true)
    let login = await signIn(house)
    await attack(house)
    let response = await house.router.respond(
      to: .make(
        .post, "/password",
        json: ["currentPassword": Self.secret, "newPassword": "another horse by the quay"],
        bearer: login.accessToken))
    XCTAssertEqual(response.status, .noContent)
  }

  func testJ6_Q6_passwordsThatNobodyCanHaveAreNotKept() async throws {
    let house = try await house(isThrottled: true)
    let long = String(repeating: "x", count: 1_025)
    for name in ["alice", "nobody", "no body"] {
      for _ in 0..<30 { assert(await signIn(house, name, long), is: 400, Self.wrong) }
    }
    XCTAssertEqual(try files().filter { $0.hasPrefix("throttle/") }, [])
  }
}
