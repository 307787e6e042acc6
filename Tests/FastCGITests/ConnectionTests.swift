import TestSupport
import XCTest

@testable import FastCGI

/// What a connection carries: bodies cut in every way, kept connections, answers of every size.
final class ConnectionTests: ResponderTestCase {
  private let body = Array(#"{"some":"body"}"#.utf8)

  func testA7_bodyInRecordsOfOneByteIsOneBody() throws {
    let client = try connect()
    client.send(FastCGIClient.head("POST", "/echo", length: body.count))
    for byte in body { client.send(FastCGIRecord(.standardInput, [byte], padding: 7)) }
    client.send(FastCGIRecord(.standardInput))
    XCTAssertEqual(try client.reply().body, body)
  }

  func testA7_parametersInRecordsOfOneByteAreRead() throws {
    let client = try connect()
    client.send(FastCGIRecord.begin())
    let pairs = [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/hello")]
    for byte in FastCGIRecord.pairs(pairs) { client.send(FastCGIRecord(.parameters, [byte])) }
    client.send(FastCGIRecord(.parameters), FastCGIRecord(.standardInput))
    XCTAssertEqual(try client.reply().text, "hello")
  }

  func testA7_largestRecordWithMostPaddingIsReadToItsEnd() throws {
    let client = try connect()
    let large = [UInt8](repeating: 1, count: 65_535)
    client.send(FastCGIClient.head("POST", "/echo", length: large.count))
    client.send(FastCGIRecord(.standardInput, large, padding: 255), FastCGIRecord(.standardInput))
    XCTAssertEqual(try client.reply().status, 413)
    try assertServesOthers()
  }

  func testA7_zeroLengthRecordEndsTheBody() throws {
    let client = try connect()
    client.send(FastCGIClient.head("POST", "/echo", length: body.count))
    client.send(FastCGIRecord(.standardInput), FastCGIRecord(.standardInput, body))
    XCTAssertEqual(try client.reply().status, 400)
    XCTAssertEqual(handler.calls.bodies, [])
  }

  func testNamesAndValuesOf127And128BytesAreRead() throws {
    for count in [126, 127, 128, 129, 20_000] {
      let client = try connect()
      let value = String(repeating: "v", count: count)
      let others = [
        ("HTTP_AUTHORIZATION", value), ("HTTP_" + String(repeating: "N", count: count), "x"),
      ]
      client.send("GET", "/authorization", parameters: others)
      XCTAssertEqual(try client.reply().text, value)
    }
  }

  func testKeptConnectionServesManyRequests() throws {
    let client = try connect()
    for number in 0..<50 {
      let body = Array("body \(number)".utf8)
      client.send("POST", "/echo", body: body)
      XCTAssertEqual(try client.reply().body, body)
    }
  }

  func testA20_keptConnectionRemembersNothingOfTheFormerRequest() throws {
    let client = try connect()
    client.send("GET", "/authorization", parameters: [("HTTP_AUTHORIZATION", "Bearer mine")])
    XCTAssertEqual(try client.reply().text, "Bearer mine")
    client.send("GET", "/authorization")
    XCTAssertEqual(try client.reply().text, "none")
  }

  func testA20_bodyOfTheFormerRequestIsGone() throws {
    let client = try connect()
    client.send("POST", "/echo", body: Array("a longer body than the next".utf8))
    _ = try client.reply()
    client.send("POST", "/echo", body: body)
    XCTAssertEqual(try client.reply().body, body)
    client.send("POST", "/echo")
    XCTAssertEqual(try client.reply().body, [])
  }

  func testConnectionThatIsNotToBeKeptIsClosedAfterTheAnswer() throws {
    let client = try connect()
    client.send("GET", "/hello", keep: false)
    XCTAssertEqual(try client.reply().text, "hello")
    XCTAssertTrue(client.isEnded())
  }

  func testA26_answersAroundTheBuffersOfTheLibraryAreWhole() throws {
    let client = try connect()
    for size in [0, 1, 7, 8, 8183, 8184, 8185, 8191, 8192, 8193, 65_535, 65_536, 300_000] {
      client.send("GET", "/bytes?\(size)")
      let reply = try client.reply()
      XCTAssertEqual(reply.body, (0..<size).map { UInt8($0 % 251) }, "\(size) bytes")
      XCTAssertEqual(reply.headers["content-length"], String(size))
    }
  }

  func testHeadHasTheHeadersOfGetAndNoBody() throws {
    let client = try connect()
    client.send("HEAD", "/hello")
    let reply = try client.reply()
    XCTAssertEqual(reply.status, 200)
    XCTAssertEqual(reply.headers["content-length"], "5")
    XCTAssertEqual(reply.body, [])
  }

  func testRefusedRequestIsAnsweredUnderItsOwnIdAndKeepsItsConnection() throws {
    let client = try connect()
    client.send("POST", "/echo", parameters: [("CONTENT_LENGTH", "5")])
    let reply = try client.reply()
    XCTAssertEqual(reply.status, 400)
    XCTAssertEqual(reply.headers["x-request-id"], "r1")
    XCTAssertEqual(reply.headers["x-content-type-options"], "nosniff")
    client.send("GET", "/hello")
    XCTAssertEqual(try client.reply().text, "hello")
  }
}
