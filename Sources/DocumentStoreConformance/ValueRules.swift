import DocumentStore
import FoundationEssentials
import XCTest

private struct Rich: Document {
  static let collection = "rich"
  var date = Date(timeIntervalSince1970: 1_800_000_000.123_456)
  var dates = [Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: -1.5)]
  var text = "é \0 / \" \u{2028} 👍 e\u{301}"
  var numbers: [Int?] = [1, nil, .min, .max]
  var fractions = [0.1, -0.0, .greatestFiniteMagnitude, .leastNonzeroMagnitude]
  var inner: [String: [String: Bool]] = ["b": ["x": true], "a": [:]]
}

/// Another shape in the samples' place.
private struct Misshapen: Document {
  static let collection = Sample.collection
  var isOther = true
}

private struct Fraction: Document {
  static let collection = "fractions"
  var value: Double
}

extension DocumentStoreConformance {
  static var valueRules: [Rule] {
    [
      Rule("what was never written is nil") { store in
        XCTAssertNil(try store.read(Sample.self, "a"))
        XCTAssertEqual(try store.keys(of: Sample.self), [])
        try store.fill("b")
        XCTAssertNil(try store.read(Sample.self, "a"))
      },
      Rule("every value comes back as it was, dates to the microsecond") { store in
        try store.update(Rich.self, "a") { $0 = Rich() }
        let rich = try XCTUnwrap(store.read(Rich.self, "a"))
        XCTAssertEqual(rich, Rich())
        XCTAssertEqual(Array(rich.text.utf8), Array(Rich().text.utf8))
        try store.update(Rich.self, "a") { XCTAssertEqual($0, Rich()) }
      },
      Rule("a value that is none of JSON is refused and changes nothing") { store in
        try store.update(Fraction.self, "a") { $0 = Fraction(value: 1) }
        XCTAssertThrowsError(try store.update(Fraction.self, "a") { $0?.value = .nan })
        XCTAssertEqual(try store.read(Fraction.self, "a"), Fraction(value: 1))
      },
      Rule("a document of another shape is damaged, and stays as it is") { store in
        try store.update(Misshapen.self, "a") { $0 = Misshapen() }
        let isDamage = { (error: DocumentStoreError) in
          if case .damaged = error { true } else { false }
        }
        assertThrows("read", { _ = try store.read(Sample.self, "a") }, isDamage)
        assertThrows("update", { try store.update(Sample.self, "a") { $0 = Sample() } }, isDamage)
        assertThrows("remove", { try store.update(Sample.self, "a") { $0 = nil } }, isDamage)
        XCTAssertEqual(try store.read(Misshapen.self, "a"), Misshapen())
        XCTAssertEqual(try store.keys(of: Sample.self), ["a"])
      },
    ]
  }
}
