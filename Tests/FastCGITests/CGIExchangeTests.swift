import ForeignInput
import Foundation
import HTTPTypes
import HandlerKit
import SystemCalls
import XCTest

@testable import FastCGI

/// What is read of a request by plain CGI.
final class CGIExchangeTests: XCTestCase {
  /// The exchange over standard input that holds `input`.
  private func exchange(length: String?, input: String) throws -> CGIExchange {
    let pipe = try System.pipe()
    try System.write(Array(input.utf8), to: pipe.write)
    var parameters = [("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/login")]
    if let length { parameters.append(("CONTENT_LENGTH", length)) }
    pipe.write.disown()
    close(pipe.write.number)
    return try CGIExchange(
      parameters: ReceivedParameters(
        parameters.map { (name: ForeignText($0.0), value: ForeignText($0.1)) }),
      input: pipe.read)
  }

  private func status(length: String?, input: String) throws -> Int? {
    do {
      _ = try exchange(length: length, input: input).incoming.decoded(at: Date())
      return nil
    } catch {
      return (error as? HTTPError)?.status.code
    }
  }

  func testA5_theBodyHasTheDeclaredLengthWhateverIsBehindIt() throws {
    let exchange = try exchange(length: "5", input: "12345and more")
    XCTAssertEqual(try exchange.incoming.decoded(at: Date()).body, Array("12345".utf8))
  }

  func testA4_aBodyThatEndsEarlyIsRefused() throws {
    XCTAssertEqual(try status(length: "6", input: "12345"), 400)
  }

  func testA2_withoutALengthNothingIsRead() throws {
    for length in [nil, "", "0"] {
      XCTAssertEqual(try exchange(length: length, input: "12345").incoming.body, [])
      XCTAssertNil(try status(length: length, input: "12345"))
    }
  }

  func testA3_oddLengthsAreRefused() throws {
    for length in ["-1", "+5", "5,5", "0x10", " 5", "5 ", "1e3", "٣"] {
      XCTAssertEqual(try status(length: length, input: "12345"), 400, length)
    }
  }

  func testB12_aBodyThatIsTooLargeIsRefusedAndNotKept() throws {
    let limit = IncomingRequest.bodyLimit
    let body = String(repeating: "x", count: limit)
    XCTAssertNil(try status(length: "\(limit)", input: body))
    for length in ["\(limit + 1)", "2147483648", String(repeating: "9", count: 40)] {
      XCTAssertEqual(try exchange(length: length, input: "12345").incoming.body, [])
      XCTAssertEqual(try status(length: length, input: "12345"), 413, length)
    }
  }
}
