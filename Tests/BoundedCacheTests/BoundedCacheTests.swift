import BoundedCache
import XCTest

final class BoundedCacheTests: XCTestCase {
  func testValueIsKeptUntilItIsReplacedOrRemoved() {
    let cache = BoundedCache<Int, String>(limit: 10)
    XCTAssertNil(cache[1])
    cache[1] = "a"
    XCTAssertEqual(cache[1], "a")
    cache[1] = "b"
    XCTAssertEqual(cache[1], "b")
    cache[1] = nil
    XCTAssertNil(cache[1])
  }

  func testNoMoreValuesAreKeptThanTheLimit() {
    let cache = BoundedCache<Int, Int>(limit: 10)
    for number in 0..<1_000 {
      cache[number] = number
      XCTAssertLessThanOrEqual((0...number).suffix(40).count { cache[$0] != nil }, 10)
    }
  }

  func testUsedValueOutlivesUnusedOnes() {
    let cache = BoundedCache<Int, Int>(limit: 10)
    cache[-1] = 7
    for number in 0..<1_000 {
      cache[number] = number
      XCTAssertEqual(cache[-1], 7, "after \(number)")
    }
    XCTAssertNil(cache[0])
  }

  func testReplacedValueOfTheOldGenerationDoesNotComeBack() {
    let cache = BoundedCache<Int, String>(limit: 4)
    cache[1] = "old"
    cache[2] = "x"
    cache[3] = "x"
    cache[1] = "new"
    cache[4] = "x"
    cache[1] = nil
    XCTAssertNil(cache[1])
  }

  func testManyThreadsMayUseIt() {
    let cache = BoundedCache<Int, Int>(limit: 16)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      for number in 0..<2_000 {
        cache[number % 50] = number % 50
        if let value = cache[number % 31] { XCTAssertEqual(value, number % 31) }
      }
    }
  }
}
