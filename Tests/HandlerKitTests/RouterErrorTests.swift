import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// What becomes of the errors that handlers throw.
final class RouterErrorTests: XCTestCase {
  private let log = RecordingLog()

  private func response(
    to error: any Error, accept: String? = nil,
    explain: @escaping Router.ErrorExplanation = { _ in nil }
  ) async throws -> Response {
    let router = try Router(
      [SampleModule { Route(.get, "/fail") { _ in throw error } }], logger: log.logger,
      explain: explain)
    var request = Request.make(.get, "/fail")
    request.headers[.accept] = accept
    return await router.respond(to: request)
  }

  func testN6_unknownErrorIs500ThatSaysNothing() async throws {
    let response = try await response(to: TellingError())
    XCTAssertEqual(response.status, .internalServerError)
    XCTAssertEqual(response.text, "Something went wrong")
    XCTAssertEqual(response.headers[.xContentTypeOptions], "nosniff")
    XCTAssertEqual(response.headers[.cacheControl], "no-store")
  }

  func testN5_unknownErrorIsLoggedByItsTypeAlone() async throws {
    _ = try await response(to: TellingError())
    XCTAssertEqual(log.lines.count, 1)
    let line = try XCTUnwrap(log.lines.first)
    XCTAssertTrue(line.contains("HandlerKitTests.TellingError"), line)
    XCTAssertTrue(line.contains("request=test"), line)
    XCTAssertFalse(line.contains("hunter2"), line)
  }

  func testN5_decodingErrorLogsNoneOfItsInput() async throws {
    let context = DecodingError.Context(codingPath: [], debugDescription: "hunter2")
    _ = try await response(to: DecodingError.dataCorrupted(context))
    XCTAssertFalse(log.lines.joined().contains("hunter2"))
    XCTAssertTrue(log.lines.joined().contains("DecodingError"))
  }

  func testUnknownErrorIsAnsweredAsItIsExplained() async throws {
    let explain: Router.ErrorExplanation = {
      $0 is TellingError
        ? .unavailable(code: "store_busy", retryAfter: 2, logDetail: "the cause") : nil
    }
    let explained = try await response(to: TellingError(), explain: explain)
    XCTAssertEqual(explained.status, .serviceUnavailable)
    XCTAssertEqual(explained.headers[.retryAfter], "2")
    XCTAssertFalse(explained.text.contains("cause"))
    XCTAssertTrue(log.lines.joined().contains("detail=the cause"))
    let other = try await response(to: CancellationError(), explain: explain)
    XCTAssertEqual(other.status, .internalServerError)
  }

  func testErrorKeepsItsHeadersInBothForms() async throws {
    let error = HTTPError(
      .unauthorized, code: "invalid_token", message: "Token is invalid",
      headers: [.wwwAuthenticate: "Bearer"])
    for accept in [nil, "application/problem+json"] {
      let response = try await response(to: error, accept: accept)
      XCTAssertEqual(response.status, .unauthorized)
      XCTAssertEqual(response.headers[.wwwAuthenticate], "Bearer")
    }
  }

  func testErrorIsPlainTextUnlessProblemDetailsAreNamed() async throws {
    let accepts: [String?] = [
      nil, "", "*/*", "application/*", "application/json", "text/plain, */*;q=0.1", "problem+json",
      "application/problem+xml", "x-application/problem+json",
    ]
    for accept in accepts {
      let response = try await response(to: HTTPError.badRequest("Wrong"), accept: accept)
      XCTAssertEqual(response.headers[.contentType], "text/plain; charset=utf-8")
      XCTAssertEqual(response.text, "Wrong")
    }
  }

  func testErrorIsProblemDetailsWhereTheyAreNamed() async throws {
    let accepts = [
      "application/problem+json", "Application/Problem+JSON", "application/problem+json;q=0.9",
      "text/html, application/problem+json; charset=utf-8, */*", " application/problem+json ",
    ]
    for accept in accepts {
      let response = try await response(to: HTTPError.badRequest("Wrong"), accept: accept)
      XCTAssertEqual(response.status, .badRequest)
      XCTAssertEqual(response.headers[.contentType], "application/problem+json")
      XCTAssertEqual(
        response.text,
        #"{"code":"bad_request","detail":"Wrong","status":400,"title":"Bad Request","#
          + #""type":"about:blank"}"#)
    }
  }

  func testLogDetailIsInNeitherForm() async throws {
    for accept in [nil, "application/problem+json"] {
      let error = HTTPError.internalServerError(logDetail: "/secret/path")
      let response = try await response(to: error, accept: accept)
      XCTAssertEqual(response.status, .internalServerError)
      XCTAssertFalse(response.text.contains("secret"))
    }
  }

  func testRetryAfterIsAtLeastOneSecond() {
    for (seconds, text) in [(-5, "1"), (0, "1"), (1, "1"), (90, "90")] {
      let error = HTTPError.tooManyAttempts(retryAfter: seconds)
      XCTAssertEqual(error.headers[.retryAfter], text)
    }
    XCTAssertNil(
      HTTPError.unavailable(code: "x", retryAfter: nil, logDetail: "").headers[.retryAfter])
  }
}
