import DocumentStore
import XCTest

/// Each a key of its own. Swift holds some of them for equal, so they are told by their bytes.
private let keys = [
  "../x", "/etc/passwd", ".", "..", "a", "A", "aa", "aA", "AA", "a ", " a", "a.", ".a", "a\0", "\0",
  "a\0b", "é", "e\u{301}", "ß", "SS", "ss", "ﬁ", "fi", "İ", "i", "I", "ı", "👍", "👨‍👩‍👧", "а",
  "x.json", "x", ".lock", "%", "%61", "a%", "a_", "a*", "a/b", "a\\b", "a\nb", "a\r\nb", "a:b", "'",
  "\u{202E}a", "\u{FEFF}a", "\"", "{", "{a}", "*", "?", "[a]", "~", "-", "_", "$1",
  String(repeating: "a", count: 64), String(repeating: "A", count: 64),
  String(repeating: "👍", count: 16), String(repeating: "\0", count: 64),
]

extension DocumentStoreConformance {
  static var keyRules: [Rule] {
    [
      Rule("keys of different bytes do not collide, and are read back") { store in
        for (number, key) in keys.enumerated() {
          XCTAssertNil(try store.read(Sample.self, key), "\(key) collides")
          try store.update(Sample.self, key) { $0 = Sample(text: key, count: number) }
        }
        for (number, key) in keys.enumerated() {
          let sample = try store.read(Sample.self, key)
          XCTAssertEqual(sample?.count, number, key)
          XCTAssertEqual(sample.map { Array($0.text.utf8) }, Array(key.utf8))
        }
        XCTAssertEqual(
          Set(try store.keys(of: Sample.self).map { Array($0.utf8) }),
          Set(keys.map { Array($0.utf8) }))
      },
      Rule("a key has 1 to 64 bytes") { store in
        let wrong = [
          "", String(repeating: "a", count: 65), String(repeating: "é", count: 33),
          String(repeating: "a", count: 300),
        ]
        for key in wrong {
          assertThrows("read", { _ = try store.read(Sample.self, key) }, { $0 == .invalidKey })
          assertThrows(
            "update",
            { try store.update(Sample.self, key) { _ in XCTFail("the change was run") } },
            { $0 == .invalidKey })
        }
        XCTAssertEqual(try store.keys(of: Sample.self), [])
      },
      Rule("collections do not touch each other") { store in
        try store.fill("a", "b")
        try store.update(OtherSample.self, "a") { $0 = OtherSample(count: 1) }
        try store.update(OtherSample.self, "c") { $0 = OtherSample(count: 2) }
        XCTAssertEqual(try store.keys(of: Sample.self).sorted(), ["a", "b"])
        XCTAssertEqual(try store.keys(of: OtherSample.self).sorted(), ["a", "c"])
        try store.update(OtherSample.self, "a") { $0 = nil }
        XCTAssertEqual(try store.read(Sample.self, "a"), Sample(text: "a"))
        XCTAssertNil(try store.read(Sample.self, "c"))
      },
    ]
  }
}
