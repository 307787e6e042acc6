public import DocumentStore
import XCTest

/// What every engine must do, as XCTest assertions. An engine's tests run all of it:
///
/// ```swift
/// final class RedisConformanceTests: XCTestCase {
///   func testConformance() {
///     DocumentStoreConformance.run { try RedisDocumentStore(newDatabase()) }
///   }
/// }
/// ```
public enum DocumentStoreConformance {
  struct Rule {
    let name: String
    let check: (any DocumentStore) throws -> Void

    init(_ name: String, _ check: @escaping (any DocumentStore) throws -> Void) {
      self.name = name
      self.check = check
    }
  }

  static var rules: [Rule] {
    valueRules + updateRules + keyRules + limitRules + nestingRules + concurrencyRules
      + upkeepRules
  }

  /// Checks each rule on a store of its own, and prints how many there were.
  ///
  /// - Parameter makeStore: makes an empty store, whose updates wait for others for 30 seconds or
  ///   more.
  public static func run(_ makeStore: () throws -> any DocumentStore) {
    for rule in rules {
      do {
        try rule.check(makeStore())
      } catch {
        XCTFail("\(rule.name): \(error)")
      }
    }
    print("document store conformance: \(rules.count) rules")
  }
}

/// A document to try a store with.
struct Sample: Document {
  static let collection = "samples"
  var text = ""
  var count = 0
}

/// Another kind of document.
struct OtherSample: Document {
  static let collection = "others"
  var count = 0
}

struct Refusal: Error {}

extension DocumentStore {
  /// Keeps a sample under each of these keys, whose text is its key.
  func fill(_ keys: String...) throws {
    for key in keys { try update(Sample.self, key) { $0 = Sample(text: key) } }
  }
}

/// Asserts that `body` throws an error of this kind and that nothing else happens.
func assertThrows(
  _ what: String, _ body: () throws -> Void, _ isRight: (DocumentStoreError) -> Bool,
  line: UInt = #line, file: StaticString = #filePath
) {
  do {
    try body()
    XCTFail("no error: \(what)", file: file, line: line)
  } catch let error as DocumentStoreError {
    XCTAssertTrue(isRight(error), "\(what): \(error)", file: file, line: line)
  } catch {
    XCTFail("\(what): \(error)", file: file, line: line)
  }
}
