import Foundation
import TestSupport
import XCTest

@testable import FastCGI

/// What connections may take: their number, what they keep, their time, and threads for answers that
/// nobody reads.
final class ConnectionWatchTests: ResponderTestCase {
  override var limits: ConnectionWatch.Limits {
    var limits = ConnectionWatch.Limits()
    limits.connections = 64
    limits.heldBytes = 200_000
    limits.receiveTime = 1_000
    limits.waitingAnswers = 2
    return limits
  }

  /// Half of a request, with so many bytes of parameters.
  private func half(_ size: Int) -> [UInt8] {
    let pairs = FastCGIRecord.pairs([("HTTP_X", String(repeating: "v", count: size))])
    return FastCGIRecord.begin().bytes + FastCGIRecord(.parameters, pairs).bytes
  }

  func testA8_requestThatDoesNotComeToItsEndInTimeIsCutOff() throws {
    let request = FastCGIClient.head("GET", "/hello", length: 0)
    for length in [1, 8, 16, 20, request.count - 8, request.count] {
      let client = try connect()
      client.send(Array(request.prefix(length)))
      XCTAssertTrue(client.isEnded(), "\(length) bytes")
    }
  }

  func testA8_aByteNowAndThenGivesNoMoreTime() throws {
    let client = try connect()
    let request = half(1_000)
    var sent = 0
    while sent < request.count, client.send([request[sent]]) {
      sent += 1
      usleep(10_000)
    }
    XCTAssertLessThan(sent, request.count)
    XCTAssertTrue(client.isEnded())
  }

  func testA8_connectionsThatHaveBegunNothingHaveAllTheTime() throws {
    let new = try connect(), kept = try connect(), asked = try connect()
    kept.send("GET", "/hello")
    XCTAssertEqual(try kept.reply().text, "hello")
    // A question in two pieces is no request that has begun.
    let question = FastCGIRecord(.getValues, FastCGIRecord.pairs([("FCGI_MAX_REQS", "")]), id: 0)
      .bytes
    asked.send(Array(question.prefix(9)))
    usleep(20_000)
    asked.send(Array(question.dropFirst(9)))
    XCTAssertEqual(try asked.record().kind, FastCGIRecord.Kind.getValuesResult.rawValue)
    let late = try connect()
    late.send([1])
    XCTAssertTrue(late.isEnded())
    for client in [new, kept, asked] {
      client.send("GET", "/hello")
      XCTAssertEqual(try client.reply().text, "hello")
    }
  }

  func testA8_requestInTimeIsServedInHoweverManyPieces() throws {
    let client = try connect()
    let body = [UInt8](repeating: 7, count: 16_000)
    for byte in FastCGIClient.head("POST", "/echo", length: body.count) { client.send([byte]) }
    for start in stride(from: 0, to: body.count, by: 10) {
      client.send(FastCGIRecord(.standardInput, Array(body[start..<(start + 10)]), padding: 3))
    }
    client.send(FastCGIRecord(.standardInput))
    XCTAssertEqual(try client.reply().body, body)
  }

  func testA9_tooManyConnectionsEndTheOldestIdleOnesAndSilentOnesFirst() throws {
    let kept = try connect()
    kept.send("GET", "/hello")
    XCTAssertEqual(try kept.reply().text, "hello")
    let held = try connect()
    held.send("GET", "/wait")
    XCTAssertTrue(handler.gate.waitUntilHolding(1))
    let silent = try (0..<(limits.connections * 4)).map { _ in
      let client = try connect()
      try assertServesOthers()
      return client
    }
    XCTAssertTrue(silent[0].isEnded())
    XCTAssertFalse(try XCTUnwrap(silent.last).hears(within: 0))
    kept.send("GET", "/hello")
    XCTAssertEqual(try kept.reply().text, "hello")
    handler.gate.open()
    XCTAssertEqual(try held.reply().text, "waited")
  }

  func testA13_tooMuchOfUnfinishedRequestsEndsTheOldestOfThem() throws {
    let clients = try (0..<8).map { _ in try connect() }
    for client in clients {
      client.send(half(60_000))
      usleep(20_000)
    }
    XCTAssertTrue(clients[0].isEnded())
    XCTAssertTrue(clients[1].isEnded())
    let last = clients[7]
    last.send(FastCGIRecord(.parameters), FastCGIRecord(.standardInput))
    XCTAssertEqual(try last.reply().status, 400)
    try assertServesOthers()
  }

  func testA18_answersThatNobodyReadsBindOnlySoManyThreads() throws {
    let request =
      FastCGIClient.head("GET", "/bytes?100000", length: 0) + FastCGIRecord(.standardInput).bytes
    let greedy = try (0..<20).map { _ in try connect() }
    for client in greedy { for _ in 0..<8 { client.send(request) } }
    for _ in 0..<20 { try assertServesOthers() }
    // All but two are closed at once.
    let ended = greedy.filter { $0.endsAtLast() }
    XCTAssertGreaterThanOrEqual(ended.count, 18)
  }

  func testA18_slowReaderOfALargeAnswerGetsItWhole() throws {
    let client = try connect()
    client.send("GET", "/bytes?2000000")
    usleep(200_000)
    XCTAssertEqual(try client.reply().body.count, 2_000_000)
  }

  func testH5_stopWaitsForARequestThatHasBegunAndForNoOther() throws {
    let client = try connect()
    let request = FastCGIClient.head("GET", "/hello", length: 0)
    client.send(request)
    usleep(100_000)
    let responder = try XCTUnwrap(responder)
    let stopped = expectation(description: "stopped")
    Thread {
      responder.stop()
      stopped.fulfill()
    }.start()
    usleep(200_000)
    client.send(FastCGIRecord(.standardInput))
    XCTAssertEqual(try client.reply().text, "hello")
    wait(for: [stopped], timeout: 20)
    XCTAssertTrue(client.isEnded())
  }
}
