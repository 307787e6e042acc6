import ForeignInput
import HTTPTypes
import HandlerKit
import Logging
import TestSupport
import XCTest

final class CORSTests: XCTestCase {
  private struct Echo: HandlerModule {
    static let name = "echo"
    var routes: [Route] {
      Route(.get, "/echo") { _ in .text("echo") }
      Route(.get, "/varied") { _ in
        Response(status: .noContent, headers: [.vary: "Accept"])
      }
      Route(.post, "/echo") { _ in throw HTTPError.badRequest("no") }
    }
  }

  private func respond(
    _ allowed: [String], _ method: HTTPRequest.Method, origin: String?, path: String = "/echo"
  ) async throws -> Response {
    let router = try Router(
      [Echo()], cors: CORSPolicy(allowedOrigins: allowed),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    var headers: HTTPFields = [.accessControlRequestMethod: "GET"]
    headers[.origin] = origin
    return await router.respond(to: .make(method, path, headers: headers))
  }

  func testAListedOriginIsNamedAndNeverAStar() async throws {
    let origins = ["https://a.example", "https://b.example"]
    let response = try await respond(origins, .get, origin: "https://b.example")
    XCTAssertEqual(response.headers[.accessControlAllowOrigin], "https://b.example")
    XCTAssertEqual(response.headers[.vary], "Origin")
    XCTAssertNil(response.headers[.accessControlAllowCredentials])
  }

  func testWhatAnAnswerVariesByIsAddedToAndNotReplaced() async throws {
    let response = try await respond(["https://a.example"], .get, origin: nil, path: "/varied")
    XCTAssertEqual(response.headers[.vary], "Accept, Origin")
    let none = try await respond([], .get, origin: nil, path: "/varied")
    XCTAssertEqual(none.headers[.vary], "Accept")
  }

  func testWhatNeverBecameARequestCanBeReadToo() throws {
    let router = try Router(
      [Echo()], cors: CORSPolicy(allowedOrigins: ["https://a.example"]),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    for (origin, named) in [("https://a.example", true), ("https://b.example", false)] {
      let response = router.refusal(
        .contentTooLarge, accept: nil, origin: ForeignText(origin), id: "r1")
      XCTAssertEqual(response.headers[.accessControlAllowOrigin], named ? origin : nil)
      XCTAssertEqual(response.headers[.vary], "Origin")
    }
  }

  func testErrorsCanBeReadToo() async throws {
    let response = try await respond(["https://a.example"], .post, origin: "https://a.example")
    XCTAssertEqual(response.status, .badRequest)
    XCTAssertEqual(response.headers[.accessControlAllowOrigin], "https://a.example")
  }

  func testA23_AnOriginThatIsNotListedGetsNothing() async throws {
    for method: HTTPRequest.Method in [.get, .options] {
      for origin in ["https://evil.example", "https://a.example.evil.example", "null", nil] {
        let response = try await respond(["https://a.example"], method, origin: origin)
        XCTAssertNil(response.headers[.accessControlAllowOrigin])
        XCTAssertNil(response.headers[.accessControlAllowHeaders])
        XCTAssertEqual(response.headers[.vary], "Origin")
      }
    }
  }

  func testAPreflightSaysWhatMayBeSent() async throws {
    let response = try await respond(["https://a.example"], .options, origin: "https://a.example")
    XCTAssertEqual(response.status, .noContent)
    XCTAssertEqual(response.headers[.accessControlAllowOrigin], "https://a.example")
    XCTAssertEqual(response.headers[.accessControlAllowMethods], "GET, HEAD, OPTIONS, POST")
    XCTAssertEqual(response.headers[.accessControlAllowHeaders], "Authorization, Content-Type")
  }

  func testItIsOffByDefault() async throws {
    let response = try await respond([], .options, origin: "https://a.example")
    XCTAssertEqual(response.status, .noContent)
    XCTAssertNil(response.headers[.accessControlAllowOrigin])
    XCTAssertNil(response.headers[.vary])
  }
}
