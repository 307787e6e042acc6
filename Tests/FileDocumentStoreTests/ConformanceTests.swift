import DocumentStoreConformance
import FileDocumentStore
import Foundation
import TestSupport
import XCTest

final class ConformanceTests: TemporaryFolderTestCase {
  func testFileStoreConforms() {
    DocumentStoreConformance.run {
      try FileDocumentStore(path: "\(folder)/\(UUID().uuidString)", lockTimeout: .seconds(30))
    }
  }
}
