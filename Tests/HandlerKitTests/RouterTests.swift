import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

final class RouterTests: XCTestCase {
  private let log = RecordingLog()

  private func router() throws -> Router {
    try Router(
      [
        SampleModule {
          Route(.get, "/both") { _ in .text("got") }
          Route(.post, "/both") { _ in .text("posted") }
          Route(.post, "/post") { _ in .text("posted") }
          Route(.options, "/own-options") { _ in .text("options") }
          Route(.get, "/cached") { _ in
            Response(status: .ok, headers: [.cacheControl: "max-age=60"])
          }
        },
        SampleModule { Route(.get, "/other") { _ in .text("other") } },
      ],
      logger: log.logger)
  }

  private func respond(_ method: HTTPRequest.Method, _ path: String) async throws -> Response {
    try await router().respond(to: .make(method, path))
  }

  func testRouteIsFoundByMethodAndPath() async throws {
    let got = try await respond(.get, "/both")
    XCTAssertEqual(got.text, "got")
    let posted = try await respond(.post, "/both")
    XCTAssertEqual(posted.text, "posted")
    let other = try await respond(.get, "/other")
    XCTAssertEqual(other.text, "other")
  }

  func testA21_otherSpellingsOfAPathAreUnknown() async throws {
    let paths = [
      "", "/", "//both", "/both/", "/other/../both", "/%62oth", "/both%00", "/both;x", "/BOTH",
      "/both ", "/both\0", "both", "/both?x", "*",
    ]
    for path in paths {
      let response = try await respond(.get, path)
      XCTAssertEqual(response.status, .notFound, path)
      XCTAssertEqual(response.text, "Not found")
    }
  }

  func testA1_otherMethodOfAKnownPathIs405WithAllow() async throws {
    let methods = ["TRACE", "BREW", "post", "get", "DELETE", String(repeating: "X", count: 8_192)]
    for method in methods {
      let response = try await respond(try XCTUnwrap(.init(method)), "/both")
      XCTAssertEqual(response.status, .methodNotAllowed, method)
      XCTAssertEqual(response.headers[.allow], "GET, HEAD, OPTIONS, POST")
      XCTAssertEqual(response.text, "Method not allowed")
    }
  }

  func testAllowNamesHeadOnlyWhereThereIsGet() async throws {
    let response = try await respond(.get, "/post")
    XCTAssertEqual(response.status, .methodNotAllowed)
    XCTAssertEqual(response.headers[.allow], "OPTIONS, POST")
  }

  func testA23_headIsAnsweredAsGet() async throws {
    let head = try await respond(.head, "/both")
    XCTAssertEqual(head.status, .ok)
    XCTAssertEqual(head.text, "got")
    let refused = try await respond(.head, "/post")
    XCTAssertEqual(refused.status, .methodNotAllowed)
  }

  func testA23_optionsNamesTheMethodsAndNoOrigin() async throws {
    let response = try await router().respond(
      to: .make(.options, "/post", headers: [.origin: "https://evil.example"]))
    XCTAssertEqual(response.status, .noContent)
    XCTAssertEqual(response.headers[.allow], "OPTIONS, POST")
    XCTAssertNil(response.headers[.accessControlAllowOrigin])
    let unknown = try await respond(.options, "/nowhere")
    XCTAssertEqual(unknown.status, .notFound)
    let own = try await respond(.options, "/own-options")
    XCTAssertEqual(own.text, "options")
  }

  func testRouteThatTwoModulesClaimIsRefused() {
    let module = SampleModule { Route(.get, "/same") { _ in .text("") } }
    XCTAssertThrowsError(try Router([module, module], logger: log.logger)) {
      XCTAssertEqual("\($0)", "two modules claim GET /same")
    }
    let twice = SampleModule {
      Route(.get, "/same") { _ in .text("") }
      Route(.get, "/same") { _ in .text("") }
    }
    XCTAssertThrowsError(try Router([twice], logger: log.logger))
  }

  func testEveryAnswerHasWhatAllAnswersHave() async throws {
    let cases: [(HTTPRequest.Method, String)] = [
      (.get, "/both"), (.delete, "/both"), (.get, "/nowhere"), (.options, "/both"),
      (.head, "/both"),
    ]
    for (method, path) in cases {
      let response = try await respond(method, path)
      XCTAssertEqual(response.headers[.xContentTypeOptions], "nosniff")
      XCTAssertEqual(response.headers[try XCTUnwrap(.init("X-Request-Id"))], "test")
      XCTAssertEqual(response.headers[.cacheControl], "no-store")
    }
    let refused = try router().refusal(.contentTooLarge, accept: nil, origin: nil, id: "other")
    XCTAssertEqual(refused.status, .contentTooLarge)
    XCTAssertEqual(refused.headers[.xContentTypeOptions], "nosniff")
    XCTAssertEqual(refused.headers[try XCTUnwrap(.init("X-Request-Id"))], "other")
    XCTAssertEqual(refused.headers[.cacheControl], "no-store")
  }

  func testHandlerMayAllowCaching() async throws {
    let response = try await respond(.get, "/cached")
    XCTAssertEqual(response.headers[.cacheControl], "max-age=60")
  }

  func testAnswersToClientsAreNotLogged() async throws {
    _ = try await respond(.get, "/both")
    _ = try await respond(.get, "/nowhere")
    XCTAssertEqual(log.lines, [])
  }
}
