import TestSupport
import XCTest

@testable import FastCGI

/// What no web server sends: it reaches no handler, and nobody else notices.
final class HostilePeerTests: ResponderTestCase {
  private let body = Array("twelve bytes".utf8)

  /// The bytes of a request that would be seen in `handler.calls` if it were ever served.
  private var smuggled: [UInt8] {
    head(length: 8) + FastCGIRecord(.standardInput, Array("smuggled".utf8)).bytes
      + FastCGIRecord(.standardInput).bytes
  }

  /// What comes before a posted body, filled up to a multiple of eight bytes.
  private func head(length: Int) -> [UInt8] {
    let bare = FastCGIClient.head("POST", "/echo", length: length, parameters: [("X", "")]).count
    let fill = String(repeating: "x", count: (8 - bare % 8) % 8)
    return FastCGIClient.head("POST", "/echo", length: length, parameters: [("X", fill)])
  }

  override func tearDownWithError() throws {
    try assertServesOthers()
    XCTAssertFalse(handler.calls.bodies.contains(Array("smuggled".utf8)))
    try super.tearDownWithError()
  }

  func testA4_peerThatGoesInTheMiddleOfTheBodyReachesNoHandler() throws {
    let client = try connect()
    client.send(FastCGIClient.head("POST", "/echo", length: body.count))
    client.send(FastCGIRecord(.standardInput, Array(body.prefix(5))))
    client.endSending()
    XCTAssertThrowsError(try client.reply())
    XCTAssertEqual(handler.calls.bodies, [])
  }

  func testA4_bodyThatEndsBeforeItsDeclaredLengthIsRefused() throws {
    let client = try connect()
    client.send("POST", "/echo", body: body, parameters: [])
    _ = try client.reply()
    let short = try connect()
    short.send(FastCGIClient.head("POST", "/echo", length: body.count + 1))
    short.send(FastCGIRecord(.standardInput, body), FastCGIRecord(.standardInput))
    XCTAssertEqual(try short.reply().status, 400)
    XCTAssertEqual(handler.calls.bodies, [body])
  }

  func testA5_bodyLongerThanItsDeclaredLengthIsRefused() throws {
    let client = try connect()
    client.send(FastCGIClient.head("POST", "/echo", length: body.count - 1))
    client.send(FastCGIRecord(.standardInput, body), FastCGIRecord(.standardInput))
    XCTAssertEqual(try client.reply().status, 400)
    XCTAssertEqual(handler.calls.bodies, [])
  }

  func testA6_recordsInsideABodyThatIsTooLargeAreNoRequest() throws {
    for size in [17_000, 30_000, 60_000, 900_000, 3_000_000] {
      let client = try connect()
      // Empty records of eight bytes, and all else a multiple of that: wherever reading stops,
      // what is left behind would be records, and a request among them.
      let filler = FastCGIRecord(.standardInput, id: 7).bytes
      var body = (0..<(size / 8)).flatMap { _ in filler }
      body += smuggled
      var bytes = head(length: body.count)
      for start in stride(from: 0, to: body.count, by: 65_528) {
        bytes += FastCGIRecord(.standardInput, Array(body[start...].prefix(65_528))).bytes
      }
      client.send(bytes + FastCGIRecord(.standardInput).bytes)
      if size < 1 << 20 {
        XCTAssertEqual(try client.reply().status, 413, "\(size)")
      } else {
        // Beyond what is drained the connection may be gone before its answer is read.
        XCTAssertTrue([413, nil].contains((try? client.reply())?.status), "\(size)")
      }
      client.endSending()
      XCTAssertThrowsError(try client.reply(), "a second answer after \(size) bytes")
    }
    XCTAssertEqual(handler.calls.bodies, [])
  }

  func testA6_recordsInsideABodyThatNoRouteReadsAreNoRequest() throws {
    let client = try connect()
    client.send("POST", "/nowhere", body: smuggled + smuggled)
    XCTAssertEqual(try client.reply().status, 404)
    client.send("GET", "/hello")
    XCTAssertEqual(try client.reply().text, "hello")
    XCTAssertEqual(handler.calls.bodies, [])
  }

  func testB12_bodyOfTheLimitIsServedAndOneByteMoreIsNot() throws {
    let limit = IncomingRequest.bodyLimit
    let client = try connect()
    client.send("POST", "/echo", body: [UInt8](repeating: 65, count: limit))
    XCTAssertEqual(try client.reply().body.count, limit)
    client.send("POST", "/echo", body: [UInt8](repeating: 65, count: limit + 1))
    XCTAssertEqual(try client.reply().status, 413)
    XCTAssertEqual(handler.calls.bodies.map(\.count), [limit])
  }

  func testA16_otherRolesReachNoHandler() throws {
    for role: UInt16 in [0, 2, 3, 9, 257] {
      let client = try connect()
      var bytes = Array(smuggled)
      bytes.replaceSubrange(..<16, with: FastCGIRecord.begin(role: role).bytes)
      client.send(bytes)
      client.endSending()
      XCTAssertThrowsError(try client.reply(), "role \(role)")
    }
  }

  func testA16_secondRequestInsideTheFirstIsRefused() throws {
    let client = try connect()
    client.send(FastCGIClient.head("POST", "/echo", length: body.count))
    client.send(FastCGIRecord(.standardInput, Array(body.prefix(5))), .begin(id: 2))
    let answer = try client.record()
    XCTAssertEqual(answer.kind, FastCGIRecord.Kind.endRequest.rawValue)
    XCTAssertEqual(answer.id, 2)
    XCTAssertEqual(answer.content[4], 1, "FCGI_CANT_MPX_CONN")
    client.send(FastCGIRecord(.standardInput, Array(body.dropFirst(5))))
    client.send(FastCGIRecord(.standardInput))
    XCTAssertEqual(try client.reply().body, body)
  }

  func testA16_recordsOfAnotherRequestAreNoPartOfThisOne() throws {
    let client = try connect()
    client.send(FastCGIClient.head("POST", "/echo", length: body.count))
    client.send(FastCGIRecord(.standardInput, Array("smuggled".utf8), id: 2))
    client.send(FastCGIRecord(.standardInput, body), FastCGIRecord(.standardInput))
    XCTAssertEqual(try client.reply().body, body)
    XCTAssertEqual(handler.calls.bodies, [body])
  }

  func testA16_otherVersionEndsTheConnection() throws {
    let client = try connect()
    var record = FastCGIRecord.begin()
    record.version = 2
    client.send(record.bytes + smuggled.dropFirst(16))
    client.endSending()
    XCTAssertThrowsError(try client.reply())
  }

  func testA17_abortedRequestReachesNoHandler() throws {
    let client = try connect()
    client.send(FastCGIClient.head("POST", "/echo", length: body.count))
    client.send(FastCGIRecord(.standardInput, body), FastCGIRecord(.abortRequest))
    client.endSending()
    XCTAssertThrowsError(try client.reply())
    XCTAssertEqual(handler.calls.bodies, [])
  }

  func testA18_peerThatGoesBeforeItsAnswerLosesOnlyThat() throws {
    for path in ["/echo", "/bytes?9000000"] {
      let client = try connect()
      client.send(path == "/echo" ? "POST" : "GET", path, body: path == "/echo" ? body : [])
    }
    for _ in 0..<20_000 where handler.calls.bodies.isEmpty { usleep(500) }
    XCTAssertEqual(handler.calls.bodies, [body])
  }

  /// The library answers as soon as it has seen what comes behind the question.
  func testA10_getValuesIsAnsweredAndThenTheRequest() throws {
    let client = try connect()
    let names = ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"]
    client.send(FastCGIRecord(.getValues, FastCGIRecord.pairs(names.map { ($0, "") }), id: 0))
    client.send("GET", "/hello")
    let answer = try client.record()
    XCTAssertEqual(answer.kind, FastCGIRecord.Kind.getValuesResult.rawValue)
    XCTAssertEqual(answer.content, FastCGIRecord.pairs(Array(zip(names, ["1", "1", "0"]))))
    XCTAssertEqual(try client.reply().text, "hello")
  }

  func testA11_valuesAskedForAThousandTimesEndTheConnection() throws {
    for count in [4, 30, 31, 1_000] {
      let client = try connect()
      let pairs = Array(repeating: ("FCGI_MPXS_CONNS", ""), count: count)
      client.send(FastCGIRecord(.getValues, FastCGIRecord.pairs(pairs), id: 0))
      if count <= 30 {
        let values = FastCGIRecord.pairs([("FCGI_MPXS_CONNS", "0")])
        XCTAssertEqual(try client.record().content, values)
      } else {
        XCTAssertTrue(client.isEnded())
      }
    }
  }

  func testA12_lengthsThatCannotBeAllocatedEndTheConnection() throws {
    let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff]
    for content in [huge + huge, huge + [0], [0] + huge, huge + huge + [1, 2, 3]] {
      let client = try connect()
      client.send(.begin(), FastCGIRecord(.parameters, content), FastCGIRecord(.parameters))
      client.send(FastCGIRecord(.standardInput))
      XCTAssertTrue(client.isEnded())
    }
  }

  func testA13_64MegabytesOfParametersEndTheConnection() throws {
    let client = try connect()
    client.send(.begin())
    let part = FastCGIRecord(.parameters, [UInt8](repeating: 0, count: 65_535)).bytes
    XCTAssertFalse((0..<1_024).allSatisfy { _ in client.send(part) })
    XCTAssertTrue(client.isEnded())
  }

  func testA14_byte0InAParameterIsRefused() throws {
    let client = try connect()
    for pair in [("HTTP_AUTHORIZATION", "Bearer x\0y"), ("HTTP_AUTHORIZATION=Bearer x", "y")] {
      client.send("GET", "/authorization", parameters: [pair])
      XCTAssertEqual(try client.reply().status, 400)
    }
    client.send("GET", "/authorization", parameters: [("", "x"), ("HTTP_AUTHORIZATION", "a=b=c")])
    XCTAssertEqual(try client.reply().text, "a=b=c")
  }

  func testA16_unknownTypesAndId0EndTheConnection() throws {
    for record in [FastCGIRecord.begin(id: 0), FastCGIRecord(.data), FastCGIRecord(.standardInput)]
    {
      let client = try connect()
      client.send([record.bytes, smuggled].flatMap { $0 })
      XCTAssertTrue(client.isEnded())
    }
    let client = try connect()
    client.send(FastCGIRecord.begin().bytes + FastCGIRecord(.data, body).bytes + smuggled)
    XCTAssertTrue(client.isEnded())
  }

  func testRequestsThatAreSentAtOnceAreAnsweredOneByOne() throws {
    let client = try connect()
    let request = FastCGIClient.head("POST", "/echo", length: body.count)
    let end = FastCGIRecord(.standardInput, body).bytes + FastCGIRecord(.standardInput).bytes
    client.send(request + end + request + end + request)
    for _ in 0..<2 { XCTAssertEqual(try client.reply().body, body) }
    client.send(end)
    XCTAssertEqual(try client.reply().body, body)
  }

  func testA7_paddingIsNoPartOfAnotherRecordWhereverItStands() throws {
    let client = try connect()
    let head = [("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/echo"), ("CONTENT_LENGTH", "12")]
    for padding in [1, 8, 255] {
      var records: [FastCGIRecord] = [
        .begin(), FastCGIRecord(.parameters, FastCGIRecord.pairs(head)), FastCGIRecord(.parameters),
        FastCGIRecord(.standardInput, body), FastCGIRecord(.standardInput),
      ]
      for index in records.indices { records[index].padding = padding }
      client.send(records.flatMap(\.bytes))
      XCTAssertEqual(try client.reply().body, body)
    }
  }

  func testA13_moreParametersThanARequestMayHaveAreRefused() throws {
    // The last is more than the fields of a request can be counted by.
    for count in [900, 5_000, 70_000] {
      let client = try connect()
      let pairs = FastCGIRecord.pairs((0..<count).map { ("HTTP_X\($0)", "v") })
      client.send(FastCGIRecord.begin())
      for start in stride(from: 0, to: pairs.count, by: 60_000) {
        client.send(FastCGIRecord(.parameters, Array(pairs[start...].prefix(60_000))))
      }
      client.send(FastCGIRecord(.parameters), FastCGIRecord(.standardInput))
      XCTAssertEqual(try client.reply().status, count <= 1_000 ? 400 : 431, "\(count)")
    }
  }
}
