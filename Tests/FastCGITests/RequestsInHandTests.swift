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
    waitUntilInHand(1)
    handler.gate.open()
    XCTAssertEqual(try client.reply().text, "waited")
    waitUntilInHand(0)
  }

  /// An answer can be here a moment before its request is put down.
  private func waitUntilInHand(_ count: Int) {
    let end = ContinuousClock.now + .seconds(5)
    while responder?.requestsInHand(for: .zero).count != count, .now < end { usleep(1_000) }
    XCTAssertEqual(responder?.requestsInHand(for: .zero).count, count)
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
