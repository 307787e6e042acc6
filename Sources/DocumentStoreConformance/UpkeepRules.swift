import DocumentStore
import XCTest

extension DocumentStoreConformance {
  static var upkeepRules: [Rule] {
    [
      Rule("a sweep changes and removes what it is told to, and counts it") { store in
        try store.fill("drop", "change", "keep")
        var pauses = 0
        let sweep = {
          try store.sweep(Sample.self, pause: { pauses += 1 }) { sample in
            if sample?.text == "drop" { sample = nil }
            if sample?.text == "change" { sample?.count = 1 }
          }
        }
        XCTAssertEqual(try sweep(), 2)
        XCTAssertEqual(pauses, 3)
        XCTAssertEqual(try sweep(), 0)
        XCTAssertEqual(try store.keys(of: Sample.self).sorted(), ["change", "keep"])
        XCTAssertEqual(try store.read(Sample.self, "change")?.count, 1)
        XCTAssertEqual(try store.read(Sample.self, "keep")?.count, 0)
      },
      Rule("a check finds each good document once, and changes nothing") { store in
        try store.fill("a", "b", "../c", "Ä")
        try store.update(OtherSample.self, "d") { $0 = OtherSample() }
        var findings: [String: DocumentFinding] = [:]
        store.check(Sample.self) { findings[$0] = $1 }
        XCTAssertEqual(Array(findings.values), Array(repeating: .good, count: 4))
        XCTAssertEqual(try store.keys(of: Sample.self).count, 4)
      },
      Rule("where nobody was killed, nothing is left over") { store in
        XCTAssertEqual(try store.removeLeftovers(of: Sample.self), 0)
        try store.fill("a")
        XCTAssertEqual(try store.removeLeftovers(of: Sample.self), 0)
        XCTAssertEqual(try store.read(Sample.self, "a"), Sample(text: "a"))
      },
    ]
  }
}
