import DocumentStore
import XCTest

extension DocumentStoreConformance {
  static var limitRules: [Rule] {
    [
      Rule("the largest document is written and read, under every key") { store in
        for key in ["a", String(repeating: "\0", count: 64)] {
          try store.update(Sample.self, key) { $0 = largest }
          XCTAssertEqual(try store.read(Sample.self, key), largest)
          try store.update(Sample.self, key) { $0?.count = 1 }
          XCTAssertEqual(try store.read(Sample.self, key)?.count, 1)
        }
      },
      Rule("a larger one is refused, and the old one stays") { store in
        try store.fill("a")
        for key in ["a", "b"] {
          assertThrows(
            key,
            {
              try store.update(Sample.self, key) {
                $0 = largest
                $0?.text += "x"
              }
            },
            {
              $0
                == .tooLarge(
                  collection: "samples", key: key, size: DocumentCoder.sizeLimit + 1)
            })
        }
        XCTAssertEqual(try store.read(Sample.self, "a"), Sample(text: "a"))
        XCTAssertEqual(try store.keys(of: Sample.self), ["a"])
        try store.update(Sample.self, "a") { $0?.count = 1 }
        XCTAssertEqual(try store.read(Sample.self, "a")?.count, 1)
      },
    ]
  }

  /// A sample of just as many bytes as a document may have.
  private static var largest: Sample {
    let around = (try? DocumentCoder.encode(Sample(), key: "a").count) ?? 0
    return Sample(text: String(repeating: "x", count: DocumentCoder.sizeLimit - around))
  }
}
