import TestSupport
import XCTest

@testable import FastCGI

final class RequestsInHandTests: ResponderTestCase {
  func testH9_aRequestIsInHandFromItsEndToItsAnswer() throws {
    let responder = try XCTUnwrap(responder)
    let client = try connect()
    client.send("GET", "/wait")
    XCTAssertTrue(handler.gate.waitUntilHolding(1))
    let requests = responder.requestsInHand(for: .zero)
    XCTAssertEqual(requests.map(\.id), ["r1"])
    XCTAssertEqual(requests.first?.route, "/wait")
    XCTAssertEqual(responder.requestsInHand(for: .seconds(600)).count, 0)
    // The loop goes on beside it.
    try assertServesOthers()
    XCTAssertEqual(responder.requestsInHand(for: .zero).count, 1)
    handler.gate.open()
    XCTAssertEqual(try client.reply().text, "waited")
    let end = ContinuousClock.now + .seconds(5)
    while !responder.requestsInHand(for: .zero).isEmpty, .now < end { usleep(1_000) }
    XCTAssertEqual(responder.requestsInHand(for: .zero).count, 0)
  }

  func testA8_aRequestThatHasNotComeWholeIsNotInHand() throws {
    let responder = try XCTUnwrap(responder)
    let client = try connect()
    client.send(FastCGIClient.head("POST", "/echo", length: 3))
    usleep(50_000)
    XCTAssertEqual(responder.requestsInHand(for: .zero).count, 0)
    withExtendedLifetime(client) {}
  }
}
