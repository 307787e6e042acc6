import HTTPTypes
import HandlerKit
import Logging
import TestSupport
import XCTest

final class PathPatternTests: XCTestCase {
  private struct Things: HandlerModule {
    static let name = "things"
    var routes: [Route] {
      Route(.get, "/things/{id}") { request in .text(request.pathParameters["id"] ?? "none") }
      Route(.get, "/things/known") { _ in .text("the known one") }
      Route(.delete, "/things/{id}/parts/{part}") { request in
        .text(request.pathParameters.sorted { $0.key < $1.key }.map(\.value).joined(separator: "+"))
      }
    }
  }

  private func respond(_ method: HTTPRequest.Method, _ path: String) async throws -> Response {
    let router = try Router(
      [Things()], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return await router.respond(to: .make(method, path))
  }

  func testAnOpenSegmentIsHandedToTheHandler() async throws {
    let one = try await respond(.get, "/things/7f")
    XCTAssertEqual(one.text, "7f")
    let two = try await respond(.delete, "/things/7/parts/x%2Fy")
    XCTAssertEqual(two.text, "7+x/y")
  }

  func testAnOpenSegmentIsPercentDecodedAndAPlusIsAPlus() async throws {
    for (path, text) in [
      ("/things/a%20b", "a b"), ("/things/%C3%A9", "é"), ("/things/\u{C3}\u{A9}", "é"),
      ("/things/a+b", "a+b"), ("/things/%2e%2e", ".."), ("/things/%25", "%"),
    ] {
      let response = try await respond(.get, path)
      XCTAssertEqual(response.text, text, path)
    }
  }

  func testB9_anOpenSegmentThatCannotBeDecodedIsNotFound() async throws {
    for part in ["%", "%4", "%4g", "%ff", "%c0%af", "\u{C3}", "%ed%a0%80"] {
      for method: HTTPRequest.Method in [.get, .post] {
        let response = try await respond(method, "/things/\(part)")
        XCTAssertEqual(response.status, .notFound, part)
      }
    }
  }

  func testARouteThatLeavesNothingOpenComesFirst() async throws {
    let response = try await respond(.get, "/things/known")
    XCTAssertEqual(response.text, "the known one")
  }

  func testA21_OtherShapesAreNotFound() async throws {
    for path in [
      "/things/", "/things", "/things/a/b", "/things//parts/b", "//things/a", "things/a",
    ] {
      let response = try await respond(.get, path)
      XCTAssertEqual(response.status, .notFound, path)
    }
  }

  private func router(_ first: String, _ second: String) throws -> Router {
    try Router(
      [
        SampleModule { Route(.get, first) { _ in .text("") } },
        SampleModule { Route(.delete, second) { _ in .text("") } },
      ], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  func testPathsThatOverlapAndAreNotSpelledAlikeAreRefused() {
    for (first, second) in [
      ("/x/{id}", "/x/{name}"), ("/a/{x}/c", "/a/b/{y}"), ("/{a}/b", "/{b}/{c}"),
    ] {
      XCTAssertThrowsError(try router(first, second), "\(first) \(second)") {
        XCTAssertEqual("\($0)", "two modules claim paths that fit both \(first) and \(second)")
      }
    }
  }

  func testPathsThatDoNotOverlapOrAreSpelledAlikeAreNotRefused() {
    for (first, second) in [
      ("/x/{id}", "/x/{id}"), ("/x/{id}", "/y/{id}"), ("/x/{id}", "/x/{id}/{part}"),
      ("/x/{id}/", "/x/{id}/{part}"), ("/x/{id}", "/x/known"),
    ] {
      XCTAssertNoThrow(try router(first, second), "\(first) \(second)")
    }
  }

  func testAnotherMethodIsNotAllowed() async throws {
    let response = try await respond(.post, "/things/a")
    XCTAssertEqual(response.status, .methodNotAllowed)
    XCTAssertEqual(response.headers[.allow], "GET, HEAD, OPTIONS")
  }
}
