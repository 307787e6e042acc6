import Foundation
import SortedJSON
import XCTest

/// The bytes are those of Foundation's encoder, whoever writes them.
final class SortedJSONTests: XCTestCase {
  private func assertSame(
    _ value: some Encodable, dates: JSONEncoder.DateEncodingStrategy = .secondsSince1970,
    line: UInt = #line
  ) {
    let foundation = JSONEncoder()
    foundation.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    foundation.dateEncodingStrategy = dates
    XCTAssertEqual(
      (try? SortedJSONEncoder(dates: dates).encode(value)).map {
        String(decoding: $0, as: UTF8.self)
      },
      (try? foundation.encode(value)).map { String(decoding: $0, as: UTF8.self) }, line: line)
  }

  func testKeysAreSortedAtEveryLevel() throws {
    struct Inner: Encodable {
      var b = 1, a = [2, 3], ab = "", upper = true
      enum CodingKeys: String, CodingKey { case b, a, ab, upper = "B" }
    }
    struct Outer: Encodable {
      var z = Inner(), y = [Inner(), Inner()], é = 1, a: Int?, b = [Int]()
    }
    assertSame(Outer())
    XCTAssertEqual(
      try SortedJSONEncoder().encode(Inner()), Array(#"{"B":true,"a":[2,3],"ab":"","b":1}"#.utf8))
  }

  func testTexts() {
    for scalar in (0..<0x3000).compactMap(Unicode.Scalar.init) {
      let text = "a\(Character(scalar))b"
      assertSame([text: text])
    }
    assertSame(["a/b", "\u{1F600}", "e\u{301}", "", String(repeating: "long ", count: 999)])
  }

  func testNumbers() {
    assertSame([0, 1, -1, .max, .min])
    assertSame([
      0, -0.0, 1, 0.1, 1e15, 1e16, 1e22, 1e-7, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
      1 / 3,
    ])
    assertSame([1.5 as Float, 0.1, 16_777_216])
    assertSame([UInt64.max, 1])
    assertSame([Int8.min, 3])
    assertSame([Decimal(string: "0.1")])
    for number in [Double.infinity, -.infinity, .nan] {
      XCTAssertThrowsError(try SortedJSONEncoder().encode([number])) {
        XCTAssert($0 is EncodingError)
      }
    }
  }

  func testDates() {
    let dates = [0, 0.25, -1, 1_764_000_000.123456].map { Date(timeIntervalSince1970: $0) }
    assertSame(dates)
    assertSame(["a": dates], dates: .iso8601)
  }

  func testWhatIsLeftToFoundation() {
    struct Nested: Encodable {
      enum Key: CodingKey { case a, b, c }
      func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        var inner = members.nestedContainer(keyedBy: Key.self, forKey: .b)
        try inner.encode(1, forKey: .c)
        var list = members.nestedUnkeyedContainer(forKey: .a)
        try list.encode(2)
        try members.encode(3, forKey: .c)
      }
    }
    struct SameKey: Encodable {
      func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Nested.Key.self)
        try members.encode(1, forKey: .a)
        try members.encode(2, forKey: .a)
      }
    }
    struct Twice: Encodable {
      func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Nested.Key.self)
        try members.encode(1, forKey: .a)
        var others = encoder.container(keyedBy: Nested.Key.self)
        try others.encode(3, forKey: .b)
      }
    }
    class Base: Encodable { var a = 1 }
    final class Derived: Base {
      override func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Nested.Key.self)
        try members.encode(2, forKey: .b)
        try super.encode(to: members.superEncoder())
      }
    }
    struct Careless: Encodable {
      struct Refusing: Encodable {
        var a = 1
        func encode(to encoder: any Encoder) throws {
          var members = encoder.container(keyedBy: Nested.Key.self)
          try members.encode(a, forKey: .a)
          throw CocoaError(.coderInvalidValue)
        }
      }
      func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Nested.Key.self)
        try? members.encode(Refusing(), forKey: .b)
        try members.encode("c", forKey: .c)
      }
    }
    struct Nothing: Encodable { func encode(to encoder: any Encoder) {} }
    assertSame(Nested())
    assertSame([SameKey()])
    assertSame([Twice()])
    assertSame([Derived()])
    assertSame([Careless()])
    assertSame([Nothing()])
    assertSame([Data([1, 2, 3])])
    assertSame([URL(string: "https://example.com/a")])
  }

  func testOtherShapes() {
    enum Word: String, Encodable { case a, b }
    enum Choice: Encodable { case one(Int), two(a: String, b: Int?), none }
    struct Wrapped: Encodable {
      let value: [String: Int]
      func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
    }
    assertSame([Word.a, .b])
    assertSame([Choice.one(1), .two(a: "x", b: nil), .none])
    assertSame(Wrapped(value: ["b": 1, "a": 2, "B": 3, "ä": 4]))
    assertSame([1: "a", 2: "b"])
    assertSame([Word.a: 1, .b: 2])
    assertSame([nil, 1, nil])
    assertSame(["a": nil, "b": "c"] as [String: String?])
    assertSame([[[String]]]())
    assertSame([[], [[]], [["a"]]] as [[[String]]])
    assertSame("alone")
    assertSame(7)
    assertSame([String: Int]())
    assertSame(UUID(uuidString: "E621E1F8-C36C-495A-93FC-0C247A3E6E5F"))
  }

  func testWhatAValueThrowsIsThrown() {
    struct Refusal: Error {}
    struct Refusing: Encodable { func encode(to encoder: any Encoder) throws { throw Refusal() } }
    XCTAssertThrowsError(try SortedJSONEncoder().encode([Refusing()])) {
      XCTAssert($0 is Refusal)
    }
  }
}
