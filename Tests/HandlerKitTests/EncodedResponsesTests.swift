import Foundation
import HTTPTypes
import HandlerKit
import Synchronization
import TestSupport
import XCTest

final class EncodedResponsesTests: XCTestCase {
  /// Counts how often it is encoded.
  private struct Value: Encodable, Equatable, Sendable {
    let text: String
    let count: Counter

    final class Counter: Equatable, Sendable {
      let value = Mutex(0)
      static func == (one: Counter, other: Counter) -> Bool { one === other }
    }

    func encode(to encoder: any Encoder) throws {
      count.value.withLock { $0 += 1 }
      var container = encoder.singleValueContainer()
      try container.encode([text])
    }
  }

  func testValueIsEncodedOnceForAsLongAsItIsTheSame() throws {
    let counter = Value.Counter()
    let responses = EncodedResponses<Value>()
    for text in ["a", "a", "b", "b", "b", "a"] {
      let response = try responses.json(Value(text: text, count: counter), of: "key")
      XCTAssertEqual(response.body, Array(#"["\#(text)"]"#.utf8))
      XCTAssertEqual(response.headers[.contentType], "application/json")
    }
    XCTAssertEqual(counter.value.withLock { $0 }, 3)
  }

  func testAnswersOfDifferentKeysAreApart() throws {
    let responses = EncodedResponses<[String]>()
    XCTAssertEqual(try responses.json(["a"], of: "1").body, Array(#"["a"]"#.utf8))
    XCTAssertEqual(try responses.json(["b"], of: "2").body, Array(#"["b"]"#.utf8))
    XCTAssertEqual(try responses.json(["a"], of: "1").body, Array(#"["a"]"#.utf8))
  }

  func testAnswerThatWasEncodedBeforeGetsTheHeadersOfAnyOther() async throws {
    let answers = [
      Response.text("a"),
      Response(status: .ok, headers: [.cacheControl: "max-age=60"]),
      Response(status: .ok, headers: [HTTPField.Name("X-Request-Id")!: "of another"]),
    ]
    for answer in answers {
      let router = try Router(
        [
          SampleModule {
            Route(.get, "/plain") { _ in answer }
            Route(.get, "/encoded") { _ in answer.encodedOnce }
          }
        ],
        cors: CORSPolicy(allowedOrigins: ["https://app.example.com"]), logger: RecordingLog().logger
      )
      for origin in ["https://app.example.com", "https://other.example.com"] {
        let plain = await router.respond(to: .make(.get, "/plain", headers: [.origin: origin]))
        let encoded = await router.respond(to: .make(.get, "/encoded", headers: [.origin: origin]))
        XCTAssertEqual(encoded.headers, plain.headers)
      }
    }
  }
}
