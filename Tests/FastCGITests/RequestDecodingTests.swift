import ForeignInput
import Foundation
import HTTPTypes
import HandlerKit
import XCTest

@testable import FastCGI

/// Byte tables for CGI's variables (RFC 3875 §4.1) and the request that comes of them.
final class RequestDecodingTests: XCTestCase {
  private let time = Date(timeIntervalSince1970: 1_800_000_000)

  private func decoded(
    _ changes: [(String, String?)] = [], more: [(String, String)] = [], body: String = ""
  ) throws -> Request {
    var parameters = [
      (name: "REQUEST_METHOD", value: "POST"), (name: "REQUEST_URI", value: "/login"),
      (name: "CONTENT_LENGTH", value: body.isEmpty ? "" : String(body.utf8.count)),
      (name: "REMOTE_ADDR", value: "203.0.113.7"),
    ]
    for (name, value) in changes {
      parameters.removeAll { $0.name == name }
      if let value { parameters.append((name, value)) }
    }
    parameters += more.map { (name: $0.0, value: $0.1) }
    let foreign = parameters.map { (name: ForeignText($0.name), value: ForeignText($0.value)) }
    return try IncomingRequest(parameters: ReceivedParameters(foreign), body: Array(body.utf8))
      .decoded(at: time)
  }

  private func status(
    _ changes: [(String, String?)] = [], more: [(String, String)] = [], body: String = ""
  ) -> Int? {
    do {
      _ = try decoded(changes, more: more, body: body)
      return nil
    } catch {
      return (error as? HTTPError)?.status.code
    }
  }

  func testWholeRequestIsDecoded() throws {
    let request = try decoded(
      [("REQUEST_URI", "/login?a=b?c"), ("REQUEST_ID", "abc-_9")],
      more: [("CONTENT_TYPE", "text/x"), ("HTTP_ACCEPT_LANGUAGE", "de")], body: "12345")
    XCTAssertEqual(request.method, .post)
    XCTAssertEqual(request.path, "/login")
    XCTAssertEqual(request.query, "a=b?c")
    XCTAssertEqual(request.headers, [.contentType: "text/x", .acceptLanguage: "de"])
    XCTAssertEqual(request.body, Array("12345".utf8))
    XCTAssertEqual(request.remoteAddress, "203.0.113.7")
    XCTAssertEqual(request.id, "abc-_9")
    XCTAssertEqual(request.time, time)
  }

  /// A hyphen would make a second name for a header of which one is allowed.
  func testA15_aParameterWithAHyphenInItsNameIsNoHeader() throws {
    let request = try decoded(
      more: [
        ("CONTENT_TYPE", "application/json"), ("HTTP_CONTENT-TYPE", "text/plain"),
        ("HTTP_SEC-FETCH-SITE", "same-origin"), ("HTTP_X_A-B", "1"),
      ])
    XCTAssertEqual(request.header(.contentType), "application/json")
    XCTAssertNil(request.header(HTTPField.Name("Sec-Fetch-Site")!))
    XCTAssertEqual(request.headers, [.contentType: "application/json"])
  }

  func testA15_aSecondContentTypeIsNoHeaderInWhateverCase() throws {
    for name in ["HTTP_CONTENT_TYPE", "HTTP_cONTENT_TYPE", "HTTP_content_type"] {
      let request = try decoded(
        more: [("CONTENT_TYPE", "application/json"), (name, "text/plain")])
      XCTAssertEqual(request.header(.contentType), "application/json", name)
      XCTAssertEqual(request.headers, [.contentType: "application/json"], name)
    }
  }

  func testA2_missingMethodOrTargetIsRefused() {
    XCTAssertEqual(status([("REQUEST_METHOD", nil)]), 400)
    XCTAssertEqual(status([("REQUEST_METHOD", "")]), 400)
    XCTAssertEqual(status([("REQUEST_METHOD", "GET POST")]), 400)
    XCTAssertEqual(status([("REQUEST_URI", nil)]), 400)
    XCTAssertEqual(status([("REQUEST_URI", nil)], more: [("SCRIPT_NAME", "/login")]), 400)
  }

  func testA2_emptyOrMissingLengthIsNoBody() {
    XCTAssertNil(status([("CONTENT_LENGTH", "")]))
    XCTAssertNil(status([("CONTENT_LENGTH", nil)]))
    XCTAssertNil(status([("CONTENT_LENGTH", "0")]))
    XCTAssertEqual(status([("CONTENT_LENGTH", "")], body: "12345"), 400)
    XCTAssertEqual(status([("CONTENT_LENGTH", nil)], body: "12345"), 400)
  }

  func testA3_onlyDigitsAreALength() {
    let wrong = [
      "-1", "+5", "5,5", "0x10", " 5", "5 ", "1e3", "5.0", "٣", "５", "5\0", "five", "-", " ",
      "5\n", "-99999999999999999999999999",
    ]
    for length in wrong {
      XCTAssertEqual(status([("CONTENT_LENGTH", length)], body: "12345"), 400, length)
    }
    XCTAssertNil(status([("CONTENT_LENGTH", "5")], body: "12345"))
  }

  func testA3_lengthsThatOverflowAreTooLarge() {
    let large = [
      "16385", "2147483648", "4294967301", "9223372036854775808", "18446744073709551616",
      "18446744073709551621", String(repeating: "9", count: 40),
    ]
    for length in large {
      XCTAssertEqual(status([("CONTENT_LENGTH", length)], body: "12345"), 413, length)
    }
  }

  func testA4A5_bodyOfAnotherLengthThanDeclaredIsRefused() {
    XCTAssertEqual(status([("CONTENT_LENGTH", "6")], body: "12345"), 400)
    XCTAssertEqual(status([("CONTENT_LENGTH", "4")], body: "12345"), 400)
    XCTAssertEqual(status([("CONTENT_LENGTH", "0")], body: "12345"), 400)
  }

  func testB12_limitItselfIsNotTooLarge() {
    let limit = IncomingRequest.bodyLimit
    XCTAssertEqual(limit, 16_384)
    XCTAssertNil(status(body: String(repeating: "x", count: limit)))
    XCTAssertEqual(status(body: String(repeating: "x", count: limit + 1)), 413)
    XCTAssertEqual(status([("CONTENT_LENGTH", "1073741824")]), 413)
  }

  func testB12_bodyThatWasCutOffIsTooLargeWhateverWasDeclared() {
    for length in ["", "0", "5"] as [ForeignText] {
      let request = IncomingRequest(
        parameters: ReceivedParameters([
          ("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/"), ("CONTENT_LENGTH", length),
        ]),
        bodyIsTooLarge: true)
      XCTAssertThrowsError(try request.decoded(at: time)) {
        XCTAssertEqual(($0 as? HTTPError)?.status, .contentTooLarge)
      }
    }
  }

  func testA14_decodingCutsNoValueAtANul() throws {
    let value = try decoded(more: [("HTTP_AUTHORIZATION", "Bearer x\0y")]).headers[.authorization]
    XCTAssertNotEqual(value, "Bearer x")
    let path = try decoded([("REQUEST_URI", "/login\0x")]).path
    XCTAssertNotEqual(path, "/login")
  }

  func testA14_emptyNamesAreNoHeaders() throws {
    XCTAssertEqual(try decoded(more: [("", "x"), ("HTTP_", "x")]).headers, [:])
  }

  func testA15_sameParameterTwiceIsRefused() {
    let names = [
      "HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_ORIGIN", "CONTENT_TYPE", "HTTP_CONTENT_ENCODING",
      "CONTENT_LENGTH", "REQUEST_METHOD", "REQUEST_URI", "REMOTE_ADDR", "REQUEST_ID",
    ]
    for name in names {
      XCTAssertEqual(status([(name, "0")], more: [(name, "0")]), 400, name)
      XCTAssertEqual(status([(name, "0")], more: [(name, "")]), 400, name)
    }
    XCTAssertEqual(
      status(more: [("HTTP_AUTHORIZATION", "Bearer a"), ("HTTP_authorization", "Bearer b")]), 400)
  }

  func testHeaderIsFoundByItsNameInAnyCaseAndWithoutTheBlanksAroundIt() throws {
    let request = try decoded(more: [("HTTP_X_real_Ip", " \t a b\t "), ("HTTP_X_REAL", "other")])
    XCTAssertEqual(request.header(.init("X-Real-IP")!), "a b")
    XCTAssertEqual(request.headers[.init("X-Real-IP")!], "a b")
    XCTAssertNil(request.header(.init("X-Real-I")!))
    XCTAssertNil(request.header(.accept))
  }

  func testA15_repeatedHeaderIsTheSameListHoweverItIsRead() throws {
    let request = try decoded(more: [("HTTP_ACCEPT", "a"), ("HTTP_X", "x"), ("HTTP_ACCEPT", "b")])
    XCTAssertEqual(request.header(.accept), "a, b")
    XCTAssertEqual(request.headers[.accept], "a, b")
  }

  func testChangedHeadersAreTheOnesThatAreRead() throws {
    var request = try decoded(more: [("HTTP_ACCEPT", "a")])
    request.headers[.accept] = "b"
    XCTAssertEqual(request.header(.accept), "b")
  }

  func testA14_valueOfAHeaderIsItsBytesWhateverTheyAre() throws {
    let bytes = ForeignText([0xff, 0xc3, 0x28])
    let parameters: [(ForeignText, ForeignText)] = [
      ("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/"), ("HTTP_USER_AGENT", bytes),
    ]
    let request = try IncomingRequest(
      parameters: ReceivedParameters(parameters.map { (name: $0.0, value: $0.1) })
    ).decoded(at: time)
    XCTAssertEqual(request.header(.userAgent), bytes)
  }

  func testA15_repeatedListHeaderIsOneList() throws {
    let request = try decoded(more: [("HTTP_ACCEPT", "text/plain"), ("HTTP_ACCEPT", "a/b")])
    XCTAssertEqual(request.headers[.accept], "text/plain, a/b")
  }

  func testCopiesOfContentHeadersCountForNothing() throws {
    let request = try decoded(
      more: [
        ("CONTENT_TYPE", "application/json"), ("HTTP_CONTENT_TYPE", "text/plain"),
        ("HTTP_CONTENT_LENGTH", "99"),
      ], body: "12345")
    XCTAssertEqual(request.headers, [.contentType: "application/json"])
  }

  func testContentEncodingIsSeen() throws {
    let request = try decoded(more: [("HTTP_CONTENT_ENCODING", "gzip")])
    XCTAssertEqual(request.headers[.contentEncoding], "gzip")
  }

  func testA21_pathIsTheTargetAsSentAndNothingElse() throws {
    let targets = [
      "//login", "/login/", "/login/../refresh", "/%6cogin", "/login%00", "/login;x", "/LOGIN", "/",
    ]
    for target in targets {
      let request = try decoded(
        [("REQUEST_URI", target + "?x"), ("SCRIPT_NAME", "/login"), ("PATH_INFO", "/login")])
      XCTAssertEqual(request.path, target)
      XCTAssertEqual(request.query, "x")
    }
  }

  func testA21_targetThatIsNoPathIsRefused() {
    for target in ["", "*", "login", "http://localhost/login", "localhost:80", "?x", " /login"] {
      XCTAssertEqual(status([("REQUEST_URI", target)]), 400, target)
    }
  }

  func testGivenIdIsTakenWhereItIsFitForAHeaderAndALogLine() {
    for id in ["a", "0123456789abcdef0123456789ABCDEF", "x-_Y", String(repeating: "a", count: 64)] {
      XCTAssertEqual(requestID(Array(id.utf8)[...]), id)
    }
    for id in ["", String(repeating: "a", count: 65), "a b", "a\nb", "é", "a\0", "a;b", "a/b"] {
      XCTAssertNotEqual(requestID(Array(id.utf8)[...]), id)
    }
  }

  func testMissingIdIsMadeNewEachTime() {
    let ids = (0..<100).map { _ in requestID(nil) }
    XCTAssertEqual(Set(ids).count, 100)
    XCTAssertTrue(ids.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
  }
}
