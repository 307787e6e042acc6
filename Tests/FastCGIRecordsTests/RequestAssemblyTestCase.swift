import FastCGIRecords
import TestSupport
import XCTest

/// Takes records whole, byte by byte and in pieces, which must never make a difference.
class RequestAssemblyTestCase: XCTestCase {
  let parameters = FastCGIRecord.pairs([("REQUEST_METHOD", "POST"), ("EMPTY", "")])
  let body = Array("twelve bytes".utf8)

  var plain: [FastCGIRecord] {
    [
      .begin(), FastCGIRecord(.parameters, parameters), FastCGIRecord(.parameters),
      FastCGIRecord(.standardInput, body), FastCGIRecord(.standardInput),
    ]
  }

  struct Outcome: Equatable {
    var requests: [WholeRequest] = []
    var answers: [UInt8] = []
    var isBroken = false
    /// Whether it ends between two requests.
    var isAtEnd = false
  }

  /// What becomes of all the bytes, in pieces of `size`.
  func outcome(of bytes: [UInt8], inPiecesOf size: Int) -> Outcome {
    var assembly = RequestAssembly()
    var outcome = Outcome()
    var offset = 0
    while offset < bytes.count {
      let end = min(offset + size, bytes.count)
      let (progress, count) = assembly.take(bytes.span.extracting(offset..<end))
      XCTAssertGreaterThan(count, 0)
      offset += count
      outcome.answers += assembly.takeAnswers()
      switch progress {
      case .incomplete: XCTAssertEqual(offset, end)
      case .complete: outcome.requests += [assembly.takeRequest()].compactMap { $0 }
      case .broken:
        outcome.isBroken = true
        return outcome
      }
    }
    outcome.isAtEnd = assembly.isBetweenRequests
    return outcome
  }

  func outcome(
    _ records: [FastCGIRecord], file: StaticString = #filePath, line: UInt = #line
  ) -> Outcome {
    let bytes = records.flatMap(\.bytes)
    let whole = outcome(of: bytes, inPiecesOf: max(bytes.count, 1))
    for size in [1, 2, 7, 8, 9, bytes.count / 2 + 1] where bytes.count < 100_000 || size > 1_000 {
      XCTAssertEqual(
        outcome(of: bytes, inPiecesOf: size), whole, "in pieces of \(size)", file: file, line: line)
    }
    return whole
  }

  func assertBroken(
    _ records: [FastCGIRecord], _ about: String = "", file: StaticString = #filePath,
    line: UInt = #line
  ) {
    let outcome = outcome(records, file: file, line: line)
    XCTAssertTrue(outcome.isBroken, about, file: file, line: line)
    XCTAssertEqual(outcome.requests, [], about, file: file, line: line)
  }

  func request(
    _ records: [FastCGIRecord], file: StaticString = #filePath, line: UInt = #line
  ) throws -> WholeRequest {
    let outcome = outcome(records, file: file, line: line)
    XCTAssertFalse(outcome.isBroken, file: file, line: line)
    XCTAssertTrue(outcome.isAtEnd, file: file, line: line)
    XCTAssertEqual(outcome.requests.count, 1, file: file, line: line)
    return try XCTUnwrap(outcome.requests.first, file: file, line: line)
  }

  func withParameters(_ content: [UInt8]) -> [FastCGIRecord] {
    var records: [FastCGIRecord] = [.begin()]
    for start in stride(from: 0, to: content.count, by: 60_000) {
      records.append(FastCGIRecord(.parameters, Array(content[start...].prefix(60_000))))
    }
    return records + [FastCGIRecord(.parameters), FastCGIRecord(.standardInput)]
  }

  func isPlain(_ records: [FastCGIRecord]) -> Bool {
    var assembly = RequestAssembly()
    let bytes = records.flatMap(\.bytes)
    _ = assembly.take(bytes.span)
    return assembly.isPlain
  }

  let names = ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"]

  func question(_ names: [String]) -> FastCGIRecord {
    FastCGIRecord(.getValues, FastCGIRecord.pairs(names.map { ($0, "") }), id: 0)
  }
}
