import DocumentStore
import XCTest

extension DocumentStoreConformance {
  static var nestingRules: [Rule] {
    [
      Rule("an update within one of the same collection is refused at once, for every key") {
        store in
        try store.fill("a")
        let start = ContinuousClock.now
        for number in 0..<300 {
          assertThrows(
            "key \(number)",
            {
              try store.update(Sample.self, "a") { sample in
                sample?.count = 1
                try store.update(Sample.self, number == 0 ? "a" : "key\(number)") { _ in
                  XCTFail("the inner change was run")
                }
              }
            },
            { $0 == .nestedUpdate(collection: "samples") })
        }
        XCTAssertLessThan(ContinuousClock.now - start, .seconds(10))
        XCTAssertEqual(try store.read(Sample.self, "a"), Sample(text: "a"))
        try store.update(Sample.self, "a") { $0?.count = 2 }
        XCTAssertEqual(try store.read(Sample.self, "a")?.count, 2)
      },
      Rule("it is refused with another collection in between, too") { store in
        assertThrows(
          "in between",
          {
            try store.update(Sample.self, "a") { _ in
              try store.update(OtherSample.self, "b") { _ in
                try store.update(Sample.self, "c") { _ in XCTFail("the inner change was run") }
              }
            }
          },
          { $0 == .nestedUpdate(collection: "samples") })
      },
      Rule("updates of different collections may be nested") { store in
        for key in ["a", "b", "c"] {
          try store.update(Sample.self, key) { sample in
            sample = Sample(text: key)
            for other in ["a", "b"] {
              try store.update(OtherSample.self, other) { $0 = OtherSample(count: 1) }
            }
          }
          XCTAssertEqual(try store.read(Sample.self, key), Sample(text: key))
        }
        XCTAssertEqual(try store.read(OtherSample.self, "b"), OtherSample(count: 1))
      },
      Rule("the inner update stays where the outer change throws") { store in
        XCTAssertThrowsError(
          try store.update(Sample.self, "a") { sample in
            sample = Sample()
            try store.update(OtherSample.self, "a") { $0 = OtherSample(count: 1) }
            throw Refusal()
          })
        XCTAssertNil(try store.read(Sample.self, "a"))
        XCTAssertEqual(try store.read(OtherSample.self, "a"), OtherSample(count: 1))
      },
    ]
  }
}
