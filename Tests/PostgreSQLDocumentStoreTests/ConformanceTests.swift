import DocumentStoreConformance
import Foundation
import XCTest

@testable import PostgreSQLDocumentStore

final class ConformanceTests: PostgreSQLTestCase {
  func testPostgreSQLStoreConforms() throws {
    let server = try start()
    DocumentStoreConformance.run {
      try server.sql("drop table if exists postern_documents, postern_schema")
      return try patientStore(server.url)
    }
  }

  func testStoreConformsWhereTransactionsAreSerializable() throws {
    let server = try start("default_transaction_isolation=serializable")
    DocumentStoreConformance.run {
      try server.sql("drop table if exists postern_documents, postern_schema")
      return try patientStore(server.url)
    }
  }

  func testTextIsStoredWithoutU0000AndComesBackAsItWas() {
    for text in ["", "a\0b", "\u{E000}", "\u{E000}\u{E001}", "\0\u{E000}\0", #"\u0000"#, "é\\"] {
      let json = Array("[\"\(text.debugDescription)\"]".utf8)
      XCTAssertEqual(JSONText.document(JSONText.stored(json)), json, text)
    }
    let stored = JSONText.stored(Array(#""a\u0000b\\u0000""#.utf8))
    XCTAssertEqual(String(decoding: stored, as: UTF8.self), "\"a\u{E000}\u{E001}b\\\\u0000\"")
  }
}
