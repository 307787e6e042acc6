import Foundation
import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

/// `request.decode(_:)`: what fits a type of the author's own, and what is refused.
final class DecodeTests: XCTestCase {
  private enum Color: String, Decodable { case red, green }

  private struct Order: Decodable, Equatable {
    struct Line: Decodable, Equatable { let name: String, count: Int, price: Double? }
    let id: UUID?
    let lines: [Line]
    let due: Date?
    let isGift: Bool?
    let notes: [String: [Int]]?
  }

  private struct Filter: Decodable, Equatable {
    let text: String, limit: Int?, ratio: Double?, isOpen: Bool?, since: Date?, color: Color?
  }

  private func request(_ body: some Sequence<UInt8>, type: String? = "application/json") -> Request
  {
    var request = Request.make(.post, "/orders")
    request.headers[.contentType] = type
    request.body = Array(body)
    return request
  }

  private func order(_ json: String) throws -> Order {
    try request(json.utf8).decode(Order.self)
  }

  private func filter(_ form: String) throws -> Filter {
    try request(form.utf8, type: "application/x-www-form-urlencoded").decode(Filter.self)
  }

  private func assertRefused(
    _ status: HTTPResponse.Status = .badRequest, _ name: String = "", line: UInt = #line,
    _ body: () throws -> some Any
  ) {
    XCTAssertThrowsError(try body(), name, line: line) {
      XCTAssertEqual(($0 as? HTTPError)?.status, status, "\(name) \($0)", line: line)
    }
  }

  func testJSONOfNumbersListsNestedValuesAndDatesIsRead() throws {
    let order = try order(
      #"""
      {"id":"6BA7B810-9DAD-11D1-80B4-00C04FD430C8","due":"2027-01-15T08:00:00Z","isGift":true,
       "lines":[{"name":"é","count":2,"price":1.5},{"name":"b","count":-3}],
       "notes":{"a":[1,2],"b":[]},"others":{"ignored":null}}
      """#)
    XCTAssertEqual(
      order.lines,
      [.init(name: "é", count: 2, price: 1.5), .init(name: "b", count: -3, price: nil)])
    XCTAssertEqual(order.due, Date(timeIntervalSince1970: 1_800_000_000))
    XCTAssertEqual(order.notes, ["a": [1, 2], "b": []])
    XCTAssertEqual(order.isGift, true)
    XCTAssertNotNil(order.id)
    let list = try request("[1,2,3]".utf8).decode([Int].self)
    XCTAssertEqual(list, [1, 2, 3])
  }

  func testFormIsReadIntoTheTypesOfItsFields() throws {
    XCTAssertEqual(
      try filter(
        "text=a+b%26&limit=5&ratio=0.5&isOpen=true&since=2027-01-15T08%3A00%3A00Z&color=red&x=y"),
      Filter(
        text: "a b&", limit: 5, ratio: 0.5, isOpen: true,
        since: Date(timeIntervalSince1970: 1_800_000_000), color: .red))
    XCTAssertEqual(
      try filter("text="),
      Filter(text: "", limit: nil, ratio: nil, isOpen: nil, since: nil, color: nil))
  }

  func testDatesAreReadAsBrowsersAndOthersWriteThem() throws {
    let time = Date(timeIntervalSince1970: 1_800_000_000)
    for (text, expected) in [
      ("2027-01-15T08:00:00Z", time), ("2027-01-15T08:00:00.250Z", time + 0.25),
      ("2027-01-15T09:00:00+01:00", time),
    ] {
      let due = try order(#"{"lines":[],"due":"\#(text)"}"#).due
      XCTAssertEqual(
        due?.timeIntervalSince1970 ?? 0, expected.timeIntervalSince1970, accuracy: 0.001)
    }
    for text in [
      "", "now", "2027-01-15", "2027-13-15T08:00:00Z", "1800000000",
      String(repeating: "2", count: 10_000),
    ] {
      assertRefused(.badRequest, text) { try order(#"{"lines":[],"due":"\#(text)"}"#) }
    }
    assertRefused { try order(#"{"lines":[],"due":1800000000}"#) }
  }

  func testWhatDoesNotFitIs400WithItsMessage() throws {
    let bodies = [
      "", "{}", "[]", "null", "1", "{", #"{"lines":[}"#, #"{"lines":{}}"#, #"{"lines":[1]}"#,
      #"{"lines":[{"name":"a","count":"2"}]}"#, #"{"lines":[{"name":"a","count":1.5}]}"#,
      #"{"lines":[{"name":"a","count":9223372036854775808}]}"#,
      #"{"lines":[{"name":"a","count":1e999}]}"#, #"{"lines":[{"name":null,"count":1}]}"#,
      #"{"lines":[],"id":"1"}"#, #"{"lines":[],"isGift":1}"#, #"{"lines":[],"lines":[]}"#,
      String(repeating: "[", count: 5_000) + String(repeating: "]", count: 5_000),
      String(repeating: #"{"lines":["#, count: 1_000) + String(repeating: "]}", count: 1_000),
    ]
    for body in bodies {
      assertRefused(.badRequest, body) { try order(body) }
      XCTAssertThrowsError(try request(body.utf8).decode(Order.self, invalid: "No such order")) {
        XCTAssertEqual(($0 as? HTTPError)?.message, "No such order")
      }
    }
    XCTAssertThrowsError(try order("{}")) {
      XCTAssertEqual(($0 as? HTTPError)?.message, "Please enter valid data!")
    }
    for form in [
      "", "limit=5", "text=a&limit=", "text=a&limit=x", "text=a&limit=1.5", "text=a&text=b",
      "text=%ff", "text=%", "text=a&isOpen=yes", "text=a&since=now", "text=a&color=blue",
    ] {
      assertRefused(.badRequest, form) { try filter(form) }
    }
  }

  func testAFormHoldsNoListsAndNoNestedValues() {
    for body in ["lines=", "lines=a", "lines[]=a", "lines=%5B%5D"] {
      assertRefused(.badRequest, body) {
        try request(body.utf8, type: "application/x-www-form-urlencoded").decode(Order.self)
      }
    }
    assertRefused {
      try request("a=b".utf8, type: "application/x-www-form-urlencoded").decode([String].self)
    }
  }

  func testB13_anotherTypeIs415() {
    for type in [nil, "text/plain", "application/json; charset=utf-16", "multipart/form-data"] {
      assertRefused(.unsupportedMediaType, type ?? "none") {
        try request("{}".utf8, type: type).decode([String: Int].self)
      }
    }
  }

  func testQ10_namesThatAreOneNameToAStringAreRefused() {
    for json in [
      "{\"\u{E9}\":1,\"e\u{301}\":2}", "{\";\":1,\"\u{37E}\":2}",
      "{\"a\":1,\"b\":{\"\u{E9}\":1,\"e\u{301}\":2}}",
    ] {
      assertRefused(.badRequest, json) { try request(json.utf8).decode([String: Int].self) }
    }
    assertRefused {
      try request("[{\"a\":[{\"\u{E9}\":1,\"e\u{301}\":2}]}]".utf8)
        .decode([[String: [[String: Int]]]].self)
    }
    assertRefused {
      try request("\u{E9}=1&e\u{301}=2".utf8, type: "application/x-www-form-urlencoded")
        .decode([String: Int].self)
    }
  }

  func testB17_nameOfMoreThan256BytesIsRefused() throws {
    let name = String(repeating: "k", count: 256)
    XCTAssertEqual(
      try request(#"{"\#(name)":1}"#.utf8).decode([String: Int].self), [name: 1])
    for (place, isRefused) in [("\(name)k", true), (name, false)] {
      for json in [
        #"{"lines":[],"\#(place)":1}"#, #"{"lines":[],"notes":{"\#(place)":[1]}}"#,
        #"{"lines":[],"others":[{"\#(place)":1}]}"#,
      ] {
        XCTAssertEqual((try? order(json)) == nil, isRefused, json)
      }
    }
    assertRefused { try filter("text=a&\(name)k=b") }
  }

  func testErrorOfTheTypesOwnIsTheAnswerIfItIsAnHTTPError() {
    struct Own: Decodable {
      init(from decoder: any Decoder) throws { throw HTTPError.notFound }
    }
    struct Other: Decodable {
      init(from decoder: any Decoder) throws { throw TellingError() }
    }
    assertRefused(.notFound) { try request("{}".utf8).decode(Own.self) }
    assertRefused(.badRequest) { try request("{}".utf8).decode(Other.self) }
  }
}
