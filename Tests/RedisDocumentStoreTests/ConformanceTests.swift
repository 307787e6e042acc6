import DocumentStoreConformance
import Foundation
import RedisDocumentStore
import TestSupport
import XCTest

final class ConformanceTests: RedisTestCase {
  func testRedisStoreConforms() throws {
    let server = try start()
    DocumentStoreConformance.run {
      var options = RedisDocumentStore.Options()
      options.prefix = UUID().uuidString
      options.timeout = .seconds(30)
      return RedisDocumentStore(try RedisAddress(server.url), options)
    }
  }
}
