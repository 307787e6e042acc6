import DocumentStoreConformance
import Foundation
import PostgreSQLDocumentStore
import TestSupport
import XCTest

@testable import PostgreSQLDocumentStore

final class ConformanceTests: PostgreSQLTestCase {
  func testPostgreSQLStoreConforms() throws {
    let url = try start()
    let programs = "/usr/lib/postgresql/15/bin"
    DocumentStoreConformance.run {
      try run([
        "\(programs)/psql", "-q", url, "-c", "drop table if exists postern_documents",
      ])
      let store = PostgreSQLDocumentStore(url, timeout: .seconds(30))
      try store.makeTable()
      return store
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
