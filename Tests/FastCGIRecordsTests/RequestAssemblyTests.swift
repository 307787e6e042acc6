import FastCGIRecords
import TestSupport
import XCTest

/// Byte tables for what comes over a connection.
final class RequestAssemblyTests: RequestAssemblyTestCase {
  // MARK: - Requests

  func testWholeRequestIsTaken() throws {
    let request = try request(plain)
    XCTAssertEqual(request.id, 1)
    XCTAssertTrue(request.keepsConnection)
    XCTAssertEqual(request.parameters, parameters)
    XCTAssertEqual(request.body, body)
    XCTAssertNil(request.fault)
    XCTAssertEqual(request.records, plain.flatMap(\.bytes))
    XCTAssertTrue(isPlain(plain))
  }

  func testRecordsOfARequestAreThoseOfTheSameRequest() throws {
    var records = plain.map {
      var record = $0
      record.id = 0xabcd
      return record
    }
    records[0] = .begin(keep: false, id: 0xabcd)
    let request = try request(records)
    XCTAssertEqual(request.records, records.flatMap(\.bytes))
    XCTAssertFalse(request.keepsConnection)
  }

  /// An empty record would end what has ended.
  func testNothingIsWrittenOfParametersAndABodyThatAreEmpty() throws {
    let records: [FastCGIRecord] = [
      .begin(), FastCGIRecord(.parameters), FastCGIRecord(.standardInput),
    ]
    XCTAssertEqual(try request(records).records, records.flatMap(\.bytes))
  }

  func testRequestsThatFollowEachOtherAreTakenOneByOne() {
    let outcome = outcome(plain + plain + [.begin()])
    XCTAssertEqual(outcome.requests.count, 2)
    XCTAssertEqual(outcome.requests.first, outcome.requests.last)
    XCTAssertFalse(outcome.isAtEnd)
  }

  func testA7_recordsOfOneByteWithPaddingAreTheSameRequest() throws {
    var records: [FastCGIRecord] = [.begin()]
    records[0].padding = 255
    for byte in parameters { records.append(FastCGIRecord(.parameters, [byte], padding: 3)) }
    records.append(FastCGIRecord(.parameters, padding: 9))
    for byte in body { records.append(FastCGIRecord(.standardInput, [byte], padding: 255)) }
    records.append(FastCGIRecord(.standardInput, padding: 1))
    XCTAssertEqual(try request(records), try request(plain))
    // A library that stops at the end of the body would take the padding for the next record.
    XCTAssertFalse(isPlain(records))
  }

  /// libfcgi forgets the padding of these records, and takes it for the next one.
  func testA7_paddingWhereALibraryBeginsAnewIsNotPlain() throws {
    for (index, isPlain) in [(0, false), (1, true), (2, false), (3, true), (4, false)] {
      var records = plain
      records[index].padding = 8
      XCTAssertEqual(self.isPlain(records), isPlain, "\(index)")
      XCTAssertEqual(try request(records), try request(plain))
    }
  }

  func testA7_zeroLengthRecordEndsTheBody() {
    let outcome = outcome(
      Array(plain.prefix(3)) + [FastCGIRecord(.standardInput)] + plain.suffix(2))
    XCTAssertEqual(outcome.requests.map(\.body), [[]])
    XCTAssertTrue(outcome.isBroken, "a body without a request is none")
  }

  func testB12_bodyOfTheLimitIsKeptAndOneByteMoreIsNot() throws {
    for extra in [0, 1, 40_000] {
      let body = [UInt8](repeating: 1, count: RequestAssembly.bodyLimit + extra)
      let records =
        Array(plain.prefix(3)) + [
          FastCGIRecord(.standardInput, body), FastCGIRecord(.standardInput),
        ]
      let request = try request(records)
      XCTAssertEqual(request.body, extra == 0 ? body : [])
      XCTAssertEqual(request.fault, extra == 0 ? nil : .tooMuchBody)
      XCTAssertEqual(request.parameters, parameters)
      XCTAssertEqual(isPlain(records), extra == 0)
    }
  }

  func testA13_moreBytesThanAreReadForAnAnswerEndTheConnection() {
    let part = FastCGIRecord(.standardInput, [UInt8](repeating: 1, count: 65_535))
    let most = RequestAssembly.contentLimit / 65_535
    let head = Array(plain.prefix(3)), end = [FastCGIRecord(.standardInput)]
    XCTAssertEqual(
      outcome(head + Array(repeating: part, count: most) + end).requests.map(\.fault),
      [.tooMuchBody])
    assertBroken(head + Array(repeating: part, count: most + 1) + end)
  }

  func testA13_aRequestThatIsMostlyPaddingEndsTheConnection() {
    let part = FastCGIRecord(.standardInput, [1], padding: 255)
    let count = RequestAssembly.recordBytesLimit / part.bytes.count + 1
    assertBroken(Array(plain.prefix(3)) + Array(repeating: part, count: count))
    let foreign = FastCGIRecord(.standardInput, [UInt8](repeating: 1, count: 65_535), id: 9)
    assertBroken(Array(plain.prefix(3)) + Array(repeating: foreign, count: 129))
  }

  // MARK: - Parameters

  func testLengthsAround127And128AreRead() throws {
    for count in [0, 1, 126, 127, 128, 129, 255, 256, 20_000] {
      let pairs = FastCGIRecord.pairs([
        (String(repeating: "N", count: count), String(repeating: "v", count: count)), ("X", "y"),
      ])
      let request = try request(withParameters(pairs))
      XCTAssertEqual(request.parameters, pairs)
      XCTAssertNil(request.fault)
    }
  }

  /// CVE-2025-23016 is a sum of two such lengths.
  func testA12_lengthsBeyondTheParametersEndTheConnection() {
    let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff]
    for content: [UInt8] in [
      huge + huge, huge + [0], [0] + huge, [1] + huge, huge + [1, 1], [0x80, 0, 0, 2, 1, 65],
      [1], [0x80], [0xff, 0xff, 0xff], [2, 0, 65], [0, 1], [1, 1, 65], [127, 127] + [65],
      [0x80, 0, 0, 1] + huge + [UInt8](repeating: 65, count: 1_000),
      FastCGIRecord.pairs([("REQUEST_METHOD", "GET")]) + [0x80, 0xff, 0xff, 0xff, 0],
    ] {
      assertBroken(withParameters(content), "\(content.prefix(20))")
    }
  }

  func testA12_everyBitOfALengthCounts() {
    for bit in 7..<31 {
      let length = [24, 16, 8, 0].map { UInt8((1 << bit | 1) >> $0 & 0xff) }
      let bytes = [length[0] | 0x80] + length.dropFirst()
      assertBroken(withParameters(bytes + [0, 65]), "bit \(bit) of a name's")
      assertBroken(withParameters([0] + bytes + [65]), "bit \(bit) of a value's")
    }
  }

  /// They stay: `Accept` among them says how the refusal is to be written.
  func testA13_tooManyParametersAreAFault() throws {
    let limit = RequestAssembly.parameterLimit
    for count in [limit, limit + 1, 32_000] {
      let request = try request(
        withParameters(Array(repeating: [1, 0, 65], count: count).flatMap { $0 }))
      XCTAssertEqual(request.fault, count == limit ? nil : .tooManyParameters, "\(count)")
      let isKept = 3 * count <= RequestAssembly.parameterBytesLimit
      XCTAssertEqual(request.parameters.count, isKept ? 3 * count : 0)
    }
  }

  func testA13_tooManyBytesOfParametersAreAFaultAndFarTooManyTheEnd() throws {
    let limit = RequestAssembly.parameterBytesLimit
    func pairs(_ count: Int) -> [UInt8] {
      FastCGIRecord.pairs([("X", String(repeating: "v", count: count - 6))])
    }
    XCTAssertNil(try request(withParameters(pairs(limit))).fault)
    for count in [limit + 1, 1_000_000] {
      let request = try request(withParameters(pairs(count)))
      XCTAssertEqual(request.fault, .tooManyParameters, "\(count)")
      XCTAssertEqual(request.parameters, [])
    }
    let part = FastCGIRecord(.parameters, [UInt8](repeating: 0, count: 65_535))
    assertBroken([.begin()] + Array(repeating: part, count: 64 << 20 / 65_535))
  }

  func testA14_bytes0AndEqualsSignsInNamesAreAFault() throws {
    let bad: [(String, String)] = [
      ("HTTP_AUTHORIZATION", "Bearer x\0y"), ("A\0", "x"), ("\0", ""), ("A", "\0"),
      ("HTTP_X=Y", ""), ("HTTP_AUTHORIZATION=Bearer x", "y"), ("=", "x"),
    ]
    for pair in bad {
      let request = try request(
        withParameters(FastCGIRecord.pairs([("A", "b"), pair, ("C", "d")])))
      XCTAssertEqual(request.fault, .badParameters, "\(pair)")
      XCTAssertEqual(request.parameters, [])
    }
    for pair in [("A", "=b=c="), ("", "x"), ("", ""), ("A", "")] {
      XCTAssertNil(try request(withParameters(FastCGIRecord.pairs([pair]))).fault, "\(pair)")
    }
  }

  /// A byte that may stand where it stands, or is a length, hides none behind it.
  func testA14_badBytesAreFoundAmongHarmlessOnes() throws {
    let name = String(repeating: "N", count: Int(UInt8(ascii: "=")))
    let harmless = [
      ("EMPTY", ""), ("A", "b=c"), (name, "v"), ("LONG", name + name + name), ("E", ""),
    ]
    XCTAssertNil(try request(withParameters(FastCGIRecord.pairs(harmless))).fault)
    for bad in [("X=", ""), ("=", "x"), ("X", "\0"), ("\0", ""), ("X", "y\0")] {
      for position in 0...harmless.count {
        var pairs = harmless
        pairs.insert(bad, at: position)
        let request = try request(withParameters(FastCGIRecord.pairs(pairs)))
        XCTAssertEqual(request.fault, .badParameters, "\(bad) at \(position)")
      }
    }
  }

  // MARK: - Records that no web server sends

  func testA16_otherVersionsRolesAndIdsEndTheConnection() {
    for version: UInt8 in [0, 2, 255] {
      for index in plain.indices {
        var records = plain
        records[index].version = version
        assertBroken(records, "version \(version) at \(index)")
      }
    }
    for role: UInt16 in [0, 2, 3, 9, 256, 257] { assertBroken([.begin(role: role)]) }
    for index in plain.indices {
      var records = plain
      records[index].id = 0
      assertBroken(records, "id 0 at \(index)")
    }
    for count in [0, 7, 9] {
      assertBroken([
        FastCGIRecord(.beginRequest, [UInt8]([0, 1, 0, 0, 0, 0, 0, 0, 0].prefix(count)))
      ])
    }
  }

  func testA16_recordsOfTheWrongTypeEndTheConnection() {
    let right: [UInt8] = [1, 4, 4, 5, 5]
    for type in (0...255).map(UInt8.init) {
      for position in 0...4 where type != 1 && type != right[position] {
        var record = FastCGIRecord(.abortRequest, body)
        record.kind = type
        assertBroken(Array(plain.prefix(position)) + [record], "type \(type) at \(position)")
      }
    }
  }

  func testA16_secondRequestInsideTheFirstIsRefusedAndTheFirstGoesOn() throws {
    for position in 1...4 {
      assertBroken(Array(plain.prefix(position)) + [.begin()])
      for id: UInt16 in [2, 0xffff] {
        var records = plain
        records.insert(.begin(id: id), at: position)
        let outcome = outcome(records)
        XCTAssertEqual(outcome.requests.map(\.body), [body])
        XCTAssertEqual(
          outcome.answers, FastCGIRecord(.endRequest, [0, 0, 0, 0, 1, 0, 0, 0], id: id).bytes)
        XCTAssertFalse(isPlain(records))
      }
    }
  }

  func testA16_recordsOfAnotherRequestAreNoPartOfThisOne() throws {
    for kind in [FastCGIRecord.Kind.abortRequest, .parameters, .standardInput, .data] {
      for position in 1...4 {
        var records = plain
        records.insert(FastCGIRecord(kind, body, id: 2, padding: 4), at: position)
        XCTAssertEqual(try request(records), try request(plain))
        XCTAssertFalse(isPlain(records))
      }
      assertBroken([FastCGIRecord(kind, body, id: 2)] + plain, "\(kind) before any request")
    }
  }

  func testA17_anAbortEndsTheConnection() {
    for position in 1...4 {
      assertBroken(Array(plain.prefix(position)) + [FastCGIRecord(.abortRequest)])
    }
  }

  func testA13_contentAndRecordsOfExactlyTheirLimitsAreRead() {
    let part = FastCGIRecord(.standardInput, [UInt8](repeating: 1, count: 65_528))
    let head = Array(plain.prefix(3)), end = [FastCGIRecord(.standardInput)]
    let left = RequestAssembly.contentLimit - parameters.count
    func content(_ extra: Int) -> [FastCGIRecord] {
      let rest = [UInt8](repeating: 1, count: left % 65_528 + extra)
      let whole = Array(repeating: part, count: left / 65_528)
      return head + whole + [FastCGIRecord(.standardInput, rest)] + end
    }
    XCTAssertEqual(outcome(content(0)).requests.map(\.fault), [.tooMuchBody])
    assertBroken(content(1))

    // Headers and padding count, and so do records of other requests: 65,536 bytes with their header.
    let foreign = FastCGIRecord(.data, part.content, id: 2)
    let count = RequestAssembly.recordBytesLimit / foreign.bytes.count
    let size = plain.reduce(0) { $0 + $1.bytes.count }
    func records(_ extra: Int) -> [FastCGIRecord] {
      let rest = [UInt8](repeating: 1, count: 65_528 - size + extra)
      return Array(plain.prefix(1)) + Array(repeating: foreign, count: count - 1)
        + [FastCGIRecord(.data, rest, id: 2)] + plain.dropFirst()
    }
    XCTAssertEqual(outcome(records(0)).requests.map(\.body), [body])
    XCTAssertEqual(outcome(records(1)).requests.map(\.body), [])
  }

  // MARK: - State

  func testAnswersStayUntilTheyAreTaken() throws {
    var assembly = RequestAssembly()
    let bytes = ([question(names)] + plain).flatMap(\.bytes)
    _ = assembly.take(bytes.span)
    XCTAssertNotNil(assembly.takeRequest())
    XCTAssertFalse(assembly.takeAnswers().isEmpty)
    XCTAssertEqual(assembly.takeAnswers(), [])
  }

  func testWhatWasTakenIsCountedUntilTheRequestIsTaken() {
    var assembly = RequestAssembly()
    XCTAssertTrue(assembly.isFresh)
    XCTAssertTrue(assembly.isBetweenRequests)
    let bytes = plain.flatMap(\.bytes)
    _ = assembly.take(bytes.span.extracting(0..<1))
    XCTAssertFalse(assembly.isFresh)
    XCTAssertFalse(assembly.isBetweenRequests)
    XCTAssertNil(assembly.takeRequest())
    _ = assembly.take(bytes.span.extracting(1..<(bytes.count - 1)))
    XCTAssertEqual(assembly.heldCount, parameters.count + body.count)
    XCTAssertFalse(assembly.isPlain)
    _ = assembly.take(bytes.span.extracting((bytes.count - 1)..<bytes.count))
    XCTAssertTrue(assembly.isPlain)
    XCTAssertNotNil(assembly.takeRequest())
    XCTAssertTrue(assembly.isFresh)
    XCTAssertEqual(assembly.heldCount, 0)
  }
}
