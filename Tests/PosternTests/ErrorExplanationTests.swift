import Accounts
import DocumentStore
import HTTPTypes
import SystemCalls
import TestSupport
import XCTest

@testable import Postern

final class ErrorExplanationTests: XCTestCase {
  func testTroubleThatPassesIs503WithRetryAfter() throws {
    let cases: [(any Error, String, String)] = [
      (DocumentStoreError.busy(path: "tokens/3f/x.json"), "store_busy", "1"),
      (
        DocumentStoreError.failed(
          SystemCallError(call: "write", code: 28), path: "tokens/3f/x.json"), "store_unavailable",
        "5"
      ),
      (PasswordHasherError.tooMany, "too_many_sign_ins", "1"),
      (PasswordHasherError.unavailable, "no_memory", "5"),
    ]
    for (error, code, seconds) in cases {
      let explained = try XCTUnwrap(explain(error))
      XCTAssertEqual(explained.status, .serviceUnavailable)
      XCTAssertEqual(explained.code, code)
      XCTAssertEqual(explained.headers[.retryAfter], seconds)
      XCTAssertNotNil(explained.logDetail)
    }
  }

  func testTroubleThatStaysIs503Without() throws {
    for error in [
      DocumentStoreError.damaged(path: "tokens/3f/x.json", reason: "cut short"), .invalidKey,
    ] {
      let explained = try XCTUnwrap(explain(error))
      XCTAssertEqual(explained.status, .serviceUnavailable)
      XCTAssertNil(explained.headers[.retryAfter])
    }
  }

  func testN6_clientReadsNeitherPathNorCause() throws {
    for error in [
      DocumentStoreError.busy(path: "tokens/3f/canary.json"),
      .damaged(path: "tokens/3f/canary.json", reason: "canary"),
      .failed(SystemCallError(call: "fsync", code: 5), path: "canary"),
    ] {
      let explained = try XCTUnwrap(explain(error))
      XCTAssertEqual(explained.message, "The service is unavailable for the moment")
      XCTAssertFalse(explained.code.contains("canary"))
      XCTAssertEqual(explained.logDetail?.contains("canary"), true)
    }
  }

  func testAnythingElseIsNotExplained() {
    struct Other: Error {}
    XCTAssertNil(explain(Other()))
  }
}
