import FoundationEssentials
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// The line by which an operator learns that a proxy changes `Host`.
final class ForeignPageNoticeTests: XCTestCase {
  private let log = RecordingLog()
  private lazy var router = Result {
    let module = SampleModule {
      Route(.post, "/cookie") { request in
        guard request.isFromOwnPage else {
          throw HTTPError(.forbidden, code: "access_forbidden", message: "Access is forbidden")
        }
        return .text("yes")
      }
      Route(.post, "/wrong") { _ in throw HTTPError.badRequest("Wrong") }
    }
    return try Router(
      [module], logger: log.logger, observers: [ForeignPageNotice(logger: log.logger)])
  }

  private func ask(
    _ path: String = "/cookie", origin: String?, host: String, site: String? = nil,
    after seconds: Double = 0
  ) async throws {
    var headers: HTTPFields = [:]
    headers[.origin] = origin
    headers[HTTPField.Name("Host")!] = host
    headers[HTTPField.Name("Sec-Fetch-Site")!] = site
    let time = Date(timeIntervalSinceReferenceDate: 1_000 + seconds)
    _ = try await router.get().respond(
      to: .make(.post, path, json: [:], headers: headers, at: time))
  }

  func testL2_aHostWithoutThePortThatTheBrowserSentIsToldWithBoth() async throws {
    try await ask(origin: "https://gate.example:8443", host: "gate.example", site: "same-origin")
    XCTAssertEqual(log.lines.count, 1)
    let line = log.lines.first ?? ""
    XCTAssertTrue(line.hasPrefix("warning a page was refused the cookie"), line)
    XCTAssertTrue(line.contains("host=gate.example origin=https://gate.example:8443 "), line)
  }

  func testL2_anOldBrowserThatDoesNotSayItsSiteIsToldOfToo() async throws {
    try await ask(origin: "https://gate.example", host: "localhost:8080")
    XCTAssertEqual(log.lines.count, 1)
  }

  func testL2_whatIsNoMistakeOfAProxyIsNotTold() async throws {
    try await ask(origin: "https://evil.example", host: "gate.example", site: "cross-site")
    try await ask(origin: "https://a.gate.example", host: "gate.example", site: "same-site")
    try await ask(origin: "https://gate.example", host: "gate.example", site: "same-origin")
    try await ask(origin: nil, host: "gate.example")
    try await ask("/wrong", origin: "https://x.example", host: "y.example", site: "same-origin")
    XCTAssertEqual(log.lines, [])
  }

  func testN2_thereIsOneLineAMinute() async throws {
    for seconds in [0, 1, 59.9, 60, 61, 120.5] {
      try await ask(origin: "https://a.example", host: "b.example", after: seconds)
    }
    XCTAssertEqual(log.lines.count, 3)
  }

  /// The machine's clock was set back.
  func testN2_aClockSetBackDoesNotSilenceItForLong() async throws {
    try await ask(origin: "https://a.example", host: "b.example", after: 500)
    try await ask(origin: "https://a.example", host: "b.example", after: 0)
    XCTAssertEqual(log.lines.count, 2)
  }

  func testN2_whatIsNoOriginAndNoHostIsNotRepeated() async throws {
    let odd = [
      "https://a.example/?password=x", "a b", "a\\b", "x\"y", "%41",
      String(repeating: "a", count: 268), "\u{E9}", "",
    ]
    for (index, text) in odd.enumerated() {
      try await ask(origin: text, host: "gate.example", after: Double(index) * 60)
    }
    let told = log.lines.compactMap { $0.components(separatedBy: "origin=").last }
    XCTAssertEqual(told, odd.map { _ in "- request=test" })
  }
}
