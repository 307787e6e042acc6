import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

final class QueryTests: XCTestCase {
  private func parameters(_ query: String) throws -> QueryParameters {
    var request = Request.make(.get, "/things")
    request.query = query
    return try request.queryParameters
  }

  private func assertRefused(_ query: String, _ body: (QueryParameters) throws -> some Any) {
    XCTAssertThrowsError(try body(parameters(query)), query) {
      XCTAssertEqual(($0 as? HTTPError)?.status, .badRequest, query)
      XCTAssertEqual(($0 as? HTTPError)?.message, "The query is not valid")
    }
  }

  func testValuesAreDecodedAndReadByName() throws {
    let parameters = try parameters("q=a+b%2B%C3%A9&empty=&flag&%6Eame=x=y&")
    XCTAssertEqual(parameters["q"], "a b+é")
    XCTAssertEqual(parameters["empty"], "")
    XCTAssertEqual(parameters["flag"], "")
    XCTAssertEqual(parameters["name"], "x=y")
    XCTAssertNil(parameters["none"])
    XCTAssertNil(try self.parameters("")["q"])
  }

  func testOneParameterMayComeAgainWhereThereIsNoOther() throws {
    func values(_ query: String) throws -> [String] {
      var request = Request.make(.get, "/things")
      request.query = query
      return try request.queryValues(ofNothingBut: "q")
    }
    XCTAssertEqual(try values(""), [])
    XCTAssertEqual(try values("q=b&q=a&%71=b+%C3%A9&q"), ["b", "a", "b é", ""])
    for query in ["q=a&p=b", "p", "q=%", "q=%ff", "=q"] {
      XCTAssertThrowsError(try values(query), query) {
        XCTAssertEqual(($0 as? HTTPError)?.status, .badRequest, query)
      }
    }
  }

  func testValuesAreReadAsTheirType() throws {
    let parameters = try parameters("page=3&ratio=0.5&all=true")
    XCTAssertEqual(try parameters.value("page"), 3)
    XCTAssertEqual(try parameters.value("ratio", as: Double.self), 0.5)
    XCTAssertEqual(try parameters.value("all"), true)
    XCTAssertNil(try parameters.value("none", as: Int.self))
    for query in ["page=", "page=x", "page=1.5", "page=99999999999999999999", "page=+1"] {
      assertRefused(query) { try $0.value("page", as: Int.self) }
    }
  }

  func testAllAreReadAsATypeOfOnesOwn() throws {
    struct Page: Decodable { let number: Int, size: Int? }
    let page = try parameters("number=3").decode(Page.self)
    XCTAssertEqual(page.number, 3)
    XCTAssertNil(page.size)
    for query in ["", "size=1", "number=x", "number=1&size=x"] {
      assertRefused(query) { try $0.decode(Page.self) }
    }
  }

  func testWhatHasMoreThanOneReadingIsRefused() {
    for query in ["a=1&a=2", "a=1&a=1", "a&%61", "a=%", "a=%4g", "a=%ff", "%c0%af=1", "a=\u{FF}"] {
      assertRefused(query) { $0["a"] }
    }
  }

  func testBytesThatTheClientSentAsTheyAreCountAsUTF8() throws {
    XCTAssertEqual(try parameters("a=\u{C3}\u{A9}")["a"], "é")
  }
}
