import Accounts
import DocumentStore
import HTTPTypes
import TestSupport
import XCTest

@testable import Postern

final class ErrorExplanationTests: XCTestCase {
  func testTroubleThatPassesIs503WithRetryAfter() throws {
    let cases: [(any Error, String, String)] = [
      (DocumentStoreError.busy(reason: "tokens/3f/x.json: locked"), "store_busy", "1"),
      (
        DocumentStoreError.unavailable(reason: "tokens/3f/x.json: write: No space left on device"),
        "store_unavailable", "5"
      ),
      (DocumentStoreError.full(reason: "the disk has no room"), "store_full", "30"),
      (PasswordHasherError.tooMany, "too_many_sign_ins", "1"),
      (PasswordHasherError.unavailable, "no_memory", "5"),
    ]
    for (error, code, seconds) in cases {
      let explained = try XCTUnwrap(explain(error))
      XCTAssertEqual(explained.status, .serviceUnavailable)
      XCTAssertEqual(explained.code, code)
      XCTAssertEqual(explained.headers[.retryAfter], seconds)
      // The supervisor tells of a full disk, once.
      XCTAssertEqual(explained.logDetail == nil, code == "store_full")
    }
  }

  func testTroubleThatStaysIs503Without() throws {
    for (error, code) in [
      (DocumentStoreError.damaged(reason: "tokens/3f/x.json: cut short"), "store_damaged"),
      (.invalidKey, "store_key"),
      (.tooLarge(collection: "notes", key: "x", size: 1 << 21), "store_too_large"),
    ] {
      let explained = try XCTUnwrap(explain(error))
      XCTAssertEqual(explained.status, .serviceUnavailable)
      XCTAssertEqual(explained.code, code)
      XCTAssertNil(explained.headers[.retryAfter])
    }
  }

  func testN6_clientReadsNeitherPathNorCause() throws {
    for error in [
      DocumentStoreError.busy(reason: "tokens/3f/canary.json: locked"),
      .damaged(reason: "tokens/3f/canary.json: cut short"),
      .unavailable(reason: "canary: fsync: Input/output error"),
      .tooLarge(collection: "notes", key: "canary", size: 1 << 21),
    ] {
      let explained = try XCTUnwrap(explain(error))
      XCTAssertEqual(explained.message, "The service is unavailable for the moment")
      XCTAssertFalse(explained.code.contains("canary"))
      XCTAssertEqual(explained.logDetail?.contains("canary"), true)
    }
  }

  func testMistakeOfAProgramIs500AndItsLogNamesTheCollection() throws {
    let explained = try XCTUnwrap(explain(DocumentStoreError.nestedUpdate(collection: "canary")))
    XCTAssertEqual(explained.status, .internalServerError)
    XCTAssertNil(explained.headers[.retryAfter])
    XCTAssertFalse(explained.message.contains("canary"))
    XCTAssertEqual(explained.logDetail?.contains("canary"), true)
  }

  func testAnythingElseIsNotExplained() {
    struct Other: Error {}
    XCTAssertNil(explain(Other()))
  }
}
