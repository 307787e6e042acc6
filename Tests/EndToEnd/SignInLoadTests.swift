import Foundation
import XCTest

/// Many sign-ins at once, and many wrong ones.
final class SignInLoadTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testJ10_manyParallelSignInsLeaveRefreshServed() throws {
    let site = try makeInstallation()
    try site.start()
    var token = try site.login("bob").refreshToken
    let access = try site.login("carol").accessToken

    let connections = try (0..<64).map { _ in try HTTPConnection(port: site.port) }
    for connection in connections {
      try connection.send(HTTPCall.login("alice").bytes(keepAlive: false))
    }
    for _ in 0..<5 {
      let refresh = try site.ask(.refresh(token))
      XCTAssertEqual(refresh.status, 200, refresh.text)
      token = refresh.refreshToken
      XCTAssertEqual(try site.ask(.get("/job-list", bearer: access)).status, 200)
    }
    let answers = try connections.map { try $0.receive() }
    XCTAssertEqual(Set(answers.map(\.status)).subtracting([200, 429, 503]), [])
    XCTAssertTrue(answers.contains { $0.status == 200 })
    for answer in answers where answer.status != 200 { XCTAssertNotNil(answer["Retry-After"]) }

    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
    XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
  }

  func testJ5_ofManyParallelWrongTriesOnlySoManyAreEvaluated() throws {
    let site = try makeInstallation(.init(isThrottled: true))
    try site.start()
    let answers = try site.askAtOnce(Array(repeating: .login("alice", "wrong"), count: 90))
    let counts = Dictionary(grouping: answers, by: \.status).mapValues(\.count)
    XCTAssertLessThanOrEqual(counts[400] ?? 0, 20, "\(counts)")
    XCTAssertGreaterThan(counts[400] ?? 0, 0, "\(counts)")
    XCTAssertGreaterThan(counts[429] ?? 0, 0, "\(counts)")
    XCTAssertEqual(Set(counts.keys).subtracting([400, 429, 503]), [], "\(counts)")
    for answer in answers where answer.status != 400 { XCTAssertNotNil(answer["Retry-After"]) }
    let turnedAway = try XCTUnwrap(answers.first { $0.status == 429 })
    XCTAssertEqual(turnedAway.said, "429 Too many attempts, please try again later")
    XCTAssertEqual(try site.ask(.login("bob")).status, 200)
  }

  func testQ3_strangersFromManyAddressesDoNotKeepTheOwnersBrowserOut() throws {
    let site = try makeInstallation(.init(isThrottled: true))
    try site.start()
    func ask(_ call: HTTPCall, from host: UInt32) throws -> HTTPAnswer {
      let connection = try HTTPConnection(port: site.port, from: host)
      try connection.send(call.bytes(keepAlive: false))
      return try connection.receive()
    }
    let own = HTTPCall.login("alice").with("Origin", "http://localhost")
    let first = try ask(own, from: 2)
    let access = first.accessToken
    let cookie = try XCTUnwrap(
      first.values(of: "Set-Cookie").first { $0.hasPrefix("__Host-device=") }?
        .split(separator: ";").first.map(String.init))

    var guesses: [UInt32: Int] = [:]
    for attempt in 0..<150 as Range<UInt32> {
      let host = 10 + attempt % 6
      let answer = try ask(.login("alice", "wrong"), from: host)
      if answer.status == 400 { guesses[host, default: 0] += 1 }
    }
    XCTAssertEqual(guesses.values.reduce(0, +), 96)
    XCTAssertLessThanOrEqual(guesses.values.max() ?? 0, 20)
    // A wrong one of its own is counted for the browser alone.
    for password in ["wrong", HTTPCall.demoPassword] {
      let known = HTTPCall.login("alice", password).with("Origin", "http://localhost")
        .with("Cookie", cookie)
      XCTAssertEqual(try ask(known, from: 10).status, password == "wrong" ? 400 : 200)
    }
    XCTAssertEqual(try ask(own, from: 2).status, 429)
    let change = HTTPCall.post(
      "/password",
      json: [
        "currentPassword": HTTPCall.demoPassword, "newPassword": "another one by the quay",
      ]
    ).with("Authorization", "Bearer \(access)")
    XCTAssertEqual(try ask(change, from: 2).status, 204)
  }

  func testX7_forwardedAddressesDoNotGetAroundTheThrottle() throws {
    let site = try makeInstallation(.init(isThrottled: true))
    try site.start()
    var statuses: [Int] = []
    for round in 0..<14 {
      let calls = (0..<10).map { number in
        HTTPCall.login("stranger-\(round)-\(number)", "wrong")
          .with("X-Forwarded-For", "203.0.\(round).\(number)")
          .with("X-Real-IP", "203.0.\(round).\(number)")
          .with("Forwarded", "for=203.0.\(round).\(number)")
      }
      statuses += try site.askAtOnce(calls).map(\.status)
      if statuses.contains(429) { break }
    }
    XCTAssertTrue(statuses.contains(429), "\(statuses.count) tries, none turned away")
    XCTAssertGreaterThan(statuses.filter { $0 == 400 }.count, 50)
  }

  func testX16_signInsBeyondTheLimitOfNginxAre429AndSayWhenToTryAgain() throws {
    let site = try makeInstallation(.init(hasNginxLimit: true))
    try site.start()
    let token = try site.login("alice").refreshToken
    let answers = try site.askAtOnce(
      (0..<120).map {
        HTTPCall.post("/login", json: ["username": "x"]).with("X-Forwarded-For", "203.0.113.\($0)")
          .with("Accept", $0.isMultiple(of: 2) ? "*/*" : "application/problem+json")
      })
    XCTAssertEqual(Set(answers.map(\.status)), [400, 429])
    for answer in answers where answer.status == 429 {
      let text = answer.json["detail"] as? String ?? answer.text
      XCTAssertEqual(text, "Too many attempts, please try again later")
      XCTAssertEqual(answer["Retry-After"], "1")
      XCTAssertEqual(answer.values(of: "X-Content-Type-Options"), ["nosniff"])
    }
    let codes = answers.filter { $0.status == 429 }.map { $0.json["code"] as? String }
    XCTAssertEqual(Set(codes), [nil, "too_many_requests"])
    // Only sign-ins are counted.
    XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
  }
}
