import FastCGIRecords
import TestSupport
import XCTest

/// Records that are about the connection and not about a request (FastCGI specification §4).
final class ConnectionRecordTests: RequestAssemblyTestCase {
  func testA10_valuesAreAnsweredWhereverTheQuestionStands() throws {
    for position in 0...4 {
      var records = plain
      records.insert(question(names + ["FCGI_OTHER"]), at: position)
      let outcome = outcome(records)
      XCTAssertEqual(outcome.requests.map(\.body), [body])
      let values = FastCGIRecord.pairs(Array(zip(names, ["1", "1", "0"])))
      XCTAssertEqual(outcome.answers, FastCGIRecord(.getValuesResult, values, id: 0).bytes)
      XCTAssertFalse(isPlain(records))
    }
  }

  func testA11_eachValueIsSaidOnceHoweverOftenItIsAskedFor() {
    for count in [2, 4, 30] {
      let outcome = outcome([question(Array(repeating: names[2], count: count))])
      let values = FastCGIRecord.pairs([(names[2], "0")])
      XCTAssertEqual(outcome.answers, FastCGIRecord(.getValuesResult, values, id: 0).bytes)
      XCTAssertTrue(outcome.isAtEnd)
    }
    for count in [31, 1_000, 3_800] {
      assertBroken([question(Array(repeating: names[2], count: count))], "\(count)")
    }
    assertBroken([FastCGIRecord(.getValues, [200, 1, 1], id: 0)])
  }

  func testUnknownRecordOfTheConnectionIsAnsweredAsSuch() {
    for type: UInt8 in [12, 255] {
      var record = FastCGIRecord(.unknown, body, id: 0)
      record.kind = type
      XCTAssertEqual(
        outcome([record]).answers,
        FastCGIRecord(.unknown, [type, 0, 0, 0, 0, 0, 0, 0], id: 0).bytes)
    }
  }

  func testA11_onlySoManyQuestionsAreAnsweredBeforeEachRequest() {
    let limit = RequestAssembly.asideLimit
    let questions = Array(repeating: question(names), count: limit)
    XCTAssertEqual(outcome(questions + plain + questions + plain).requests.count, 2)
    assertBroken(questions + [question([])])
    assertBroken(questions + [.begin(), .begin(id: 2)])
  }

  func testA11_namesOfTheLimitAreAnsweredAndOneByteMoreEndsTheConnection() {
    func question(_ size: Int) -> FastCGIRecord {
      let filler = String(repeating: "x", count: size - 16 - 5)
      let pairs = FastCGIRecord.pairs([(names[0], ""), (filler, "")])
      XCTAssertEqual(pairs.count, size)
      return FastCGIRecord(.getValues, pairs, id: 0)
    }
    let values = FastCGIRecord.pairs([(names[0], "1")])
    XCTAssertEqual(
      outcome([question(RequestAssembly.questionLimit)]).answers,
      FastCGIRecord(.getValuesResult, values, id: 0).bytes)
    assertBroken([question(RequestAssembly.questionLimit + 1)])
  }

  func testA10_eachQuestionIsAnsweredForItself() {
    let values = zip(names, ["1", "1", "0"]).map { FastCGIRecord.pairs([$0]) }
    XCTAssertEqual(
      outcome(names.map { question([$0]) }).answers,
      values.flatMap { FastCGIRecord(.getValuesResult, $0, id: 0).bytes })
  }

  func testA16_knownTypesThatAreNeverAboutTheConnectionEndIt() {
    for type: UInt8 in 0...11 where type != 9 {
      var record = FastCGIRecord(.unknown, id: 0)
      record.kind = type
      assertBroken([record], "type \(type)")
    }
  }

  func testA16_recordsOfAnotherRequestAreNotCountedAsQuestions() throws {
    let foreign = FastCGIRecord(.data, body, id: 2)
    let count = RequestAssembly.asideLimit + 1
    let records = Array(plain.prefix(1)) + Array(repeating: foreign, count: count)
    let outcome = outcome(records + [question(names)] + plain.dropFirst())
    XCTAssertEqual(outcome.requests.map(\.body), [body])
  }
}
