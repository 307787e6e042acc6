import DocumentStore
import Foundation
import XCTest

extension DocumentStoreConformance {
  static var concurrencyRules: [Rule] {
    [
      Rule("no update of one document is lost") { store in
        onThreads(8) { _ in
          for _ in 0..<25 {
            try store.update(Sample.self, "a") { $0 = Sample(count: ($0?.count ?? 0) + 1) }
          }
        }
        XCTAssertEqual(try store.read(Sample.self, "a")?.count, 200)
      },
      Rule("each update's result is of the run that counted") { store in
        let results = Numbers()
        onThreads(4) { _ in
          for _ in 0..<25 {
            let number = try store.update(Sample.self, "a") { sample in
              sample = Sample(count: (sample?.count ?? 0) + 1)
              return sample?.count ?? 0
            }
            results.append(number)
          }
        }
        XCTAssertEqual(results.all.sorted(), Array(1...100))
      },
      Rule("updates of different documents do not disturb each other") { store in
        onThreads(8) { thread in
          for number in 0..<25 {
            try store.update(Sample.self, "\(thread)-\(number)") { $0 = Sample(count: number) }
          }
        }
        XCTAssertEqual(try store.keys(of: Sample.self).count, 200)
        XCTAssertEqual(try store.read(Sample.self, "7-24")?.count, 24)
      },
      Rule("a reader sees whole documents only") { store in
        try store.fill("a")
        onThreads(4) { thread in
          for count in 1...100 {
            if thread == 0 {
              let text = String(repeating: "\(count % 10)", count: count * 50)
              try store.update(Sample.self, "a") { $0 = Sample(text: text, count: count) }
            } else {
              let sample = try XCTUnwrap(store.read(Sample.self, "a"))
              if sample.count > 0 {
                XCTAssertEqual(sample.text.utf8.count, sample.count * 50)
                XCTAssertEqual(Set(sample.text.utf8).count, 1)
              }
            }
          }
        }
      },
      Rule("nested updates on many threads do not hold each other up, and none is lost") { store in
        onThreads(4) { thread in
          for step in 1...10 {
            try store.update(Sample.self, "\(thread)") { sample in
              try store.update(OtherSample.self, "all") {
                $0 = OtherSample(count: max($0?.count ?? 0, step))
              }
              sample = Sample(count: (sample?.count ?? 0) + 1)
            }
          }
        }
        XCTAssertEqual(try store.read(OtherSample.self, "all")?.count, 10)
        XCTAssertEqual(try store.read(Sample.self, "3")?.count, 10)
      },
    ]
  }

  private static func onThreads(_ count: Int, _ body: @Sendable (Int) throws -> Void) {
    DispatchQueue.concurrentPerform(iterations: count) { thread in
      do {
        try body(thread)
      } catch {
        XCTFail("\(error)")
      }
    }
  }
}

/// `@unchecked Sendable`: `numbers` is used under the lock alone.
private final class Numbers: @unchecked Sendable {
  private let lock = NSLock()
  private var numbers: [Int] = []

  func append(_ number: Int) { lock.withLock { numbers.append(number) } }

  var all: [Int] { lock.withLock { numbers } }
}
