import Foundation
import TestSupport
import XCTest

@testable import FastCGI

/// How threads and connections are shared out, and how serving ends.
final class ResponderTests: ResponderTestCase {
  func testA8_silentPeersStopNobodyElse() throws {
    let request = FastCGIClient.head("GET", "/hello", length: 0)
    var silent: [FastCGIClient] = []
    for length in [0, 1, 8, 16, 20, request.count - 8, request.count] {
      for _ in 0..<3 {
        let client = try connect()
        client.send(Array(request.prefix(length)))
        silent.append(client)
      }
    }
    for _ in 0..<20 { try assertServesOthers() }
    XCTAssertEqual(silent.count, 21)
  }

  func testA9_connectionsThatSayNothingAndGoStopNobodyElse() throws {
    for _ in 0..<200 { _ = try connect() }
    try assertServesOthers()
  }

  func testH12_moreKeptConnectionsThanThreadsStarveNobody() throws {
    let clients = try (0..<(Responder.threadLimit * 2)).map { _ in try connect() }
    for _ in 0..<2 {
      for client in clients {
        client.send("GET", "/hello")
        XCTAssertEqual(try client.reply().text, "hello")
      }
    }
    for client in clients { client.send("GET", "/hello") }
    for client in clients { XCTAssertEqual(try client.reply().text, "hello") }
  }

  func testBlockedHandlersHoldUpNobodyElse() throws {
    let blocked = try (0..<20).map { _ in try connect() }
    for client in blocked { client.send("GET", "/wait") }
    XCTAssertTrue(handler.gate.waitUntilHolding(20))
    try assertServesOthers()
    handler.gate.open()
    for client in blocked { XCTAssertEqual(try client.reply().text, "waited") }
  }

  func testThreadsEndAtTheirLimitAndTheRestWaitsItsTurn() throws {
    let limit = Responder.threadLimit
    let clients = try (0..<(limit + 8)).map { _ in try connect() }
    for client in clients { client.send("GET", "/wait") }
    XCTAssertTrue(handler.gate.waitUntilHolding(limit))
    handler.gate.open()
    for client in clients { XCTAssertEqual(try client.reply().text, "waited") }
    XCTAssertEqual(handler.gate.most, limit)
  }

  func testH6_stopEndsIdleKeptConnections() throws {
    let clients = try (0..<10).map { _ in try connect() }
    for client in clients {
      client.send("GET", "/hello")
      _ = try client.reply()
    }
    stop()
    for client in clients { XCTAssertTrue(client.isEnded()) }
  }

  func testH5_stopEndsEveryThread() throws {
    let clients = try (0..<10).map { _ in try connect() }
    for client in clients { client.send("GET", "/wait") }
    XCTAssertTrue(handler.gate.waitUntilHolding(10))
    handler.gate.open()
    for client in clients { _ = try client.reply() }
    stop()  // Returns once all of them have ended.
    XCTAssertTrue(clients.allSatisfy { $0.isEnded() })
  }

  func testH4_requestInHandIsAnsweredBeforeStopReturns() throws {
    let client = try connect()
    client.send("GET", "/wait")
    XCTAssertTrue(handler.gate.waitUntilHolding(1))
    let stopped = expectation(description: "stopped")
    let responder = try XCTUnwrap(responder)
    Thread {
      responder.stop()
      stopped.fulfill()
    }.start()
    // Whoever comes now is not answered any more: that shows that the stop has begun.
    var late = try connect()
    late.send("GET", "/hello")
    while late.hears(within: 50) {
      late = try connect()
      late.send("GET", "/hello")
    }
    XCTAssertEqual(handler.gate.holding, 1)
    handler.gate.open()
    XCTAssertEqual(try client.reply().text, "waited")
    wait(for: [stopped], timeout: 20)
  }

  func testStopWithoutAnyConnectionReturns() {
    stop()
  }
}
