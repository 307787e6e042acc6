import XCTest

@testable import Postern

final class ServicesTests: XCTestCase {
  func testJ10_allWorkersTogetherComputeOneHashForEachCoreAtATime() {
    for (cores, workers, hashes) in [
      (16, 16, 1), (16, 4, 4), (16, 3, 5), (2, 2, 1), (2, 256, 1), (1, 1, 1), (8, 1, 8),
    ] {
      XCTAssertEqual(Services.hashesAtOnce(cores: cores, workers: workers), hashes)
    }
  }
}
