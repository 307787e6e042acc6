import DocumentStore
import XCTest

extension DocumentStoreConformance {
  static var updateRules: [Rule] {
    [
      Rule("an update sees the document and returns what the change returns") { store in
        try store.fill("a")
        let text = try store.update(Sample.self, "a") { sample in
          sample?.count = 7
          return sample?.text
        }
        XCTAssertEqual(text, "a")
        XCTAssertEqual(try store.read(Sample.self, "a"), Sample(text: "a", count: 7))
      },
      Rule("a change that leaves the document as it was keeps it, and returns") { store in
        try store.fill("a")
        XCTAssertEqual(try store.update(Sample.self, "a") { $0 }, Sample(text: "a"))
        XCTAssertNil(try store.update(Sample.self, "b") { $0 })
        XCTAssertEqual(try store.keys(of: Sample.self), ["a"])
      },
      Rule("nil removes the document, also where there is none") { store in
        try store.fill("a", "b")
        for _ in 0..<2 {
          try store.update(Sample.self, "a") { $0 = nil }
          XCTAssertNil(try store.read(Sample.self, "a"))
          XCTAssertEqual(try store.keys(of: Sample.self), ["b"])
        }
        try store.fill("a")
        XCTAssertEqual(try store.read(Sample.self, "a"), Sample(text: "a"))
      },
      Rule("a change that throws changes nothing, and its error comes out") { store in
        try store.fill("a")
        for key in ["a", "b"] {
          XCTAssertThrowsError(
            try store.update(Sample.self, key) { sample in
              sample = sample == nil ? Sample() : nil
              throw Refusal()
            }
          ) { XCTAssert($0 is Refusal, "\($0)") }
        }
        XCTAssertEqual(try store.read(Sample.self, "a"), Sample(text: "a"))
        XCTAssertEqual(try store.keys(of: Sample.self), ["a"])
      },
      Rule("a change that throws holds up nobody afterwards") { store in
        XCTAssertThrowsError(try store.update(Sample.self, "a") { _ in throw Refusal() })
        let start = ContinuousClock.now
        try store.fill("a")
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(1))
      },
      Rule("a change may read any document, also its own as it was before") { store in
        try store.fill("a", "b")
        try store.update(OtherSample.self, "a") { $0 = OtherSample(count: 5) }
        try store.update(Sample.self, "a") { sample in
          sample?.count = try store.read(OtherSample.self, "a")?.count ?? 0
          XCTAssertEqual(try store.read(Sample.self, "a"), Sample(text: "a"))
          XCTAssertEqual(try store.read(Sample.self, "b"), Sample(text: "b"))
        }
        XCTAssertEqual(try store.read(Sample.self, "a")?.count, 5)
      },
    ]
  }
}
