import RecordFiles
import XCTest

final class JSONLinesTests: XCTestCase {
  private let columns = ["name", "city", "groups", "disabled"]

  private func read(_ text: String) throws -> [Result<Record, RecordError>] {
    Array(try RecordFormat.json.records(in: Array(text.utf8), columns: columns))
  }

  func testEachLineIsOneObject() throws {
    let read = try read(
      """
      {"name":"ann","city":"a\\nb","groups":["ops"],"disabled":true}

      \t
      {"name":null,"groups":[]}\r
      {}
      """)
    XCTAssertEqual(
      try read.map { try $0.get() },
      [
        Record(
          line: 1,
          values: [
            "name": .text("ann"), "city": .text("a\nb"), "groups": .list(["ops"]),
            "disabled": .truth(true),
          ]),
        Record(line: 4, values: ["name": .null, "groups": .list([])]),
        Record(line: 5, values: [:]),
      ])
  }

  func testABadLineIsNamedAndNoOtherIsLost() throws {
    for line in [
      "{", "[]", "1", "{} {}", #"{"name":1}"#, #"{"groups":[1]}"#, #"{"name":{}}"#,
      #"{"name":"a","name":"b"}"#, #"{"nome":"a"}"#, #"{"name":"\ud800"}"#, "{\"name\":\"\u{1}\"}",
    ] {
      let read = try read("{\"name\":\"ann\"}\n\(line)\n{\"name\":\"bob\"}\n")
      XCTAssertEqual(read.map { (try? $0.get())?.line }, [1, nil, 3], line)
      guard case .failure(let error) = read[1] else { continue }
      XCTAssertEqual(error.line, 2)
    }
  }

  func testN5_anErrorHoldsNoValue() throws {
    for line in [#"{"name":["canary", 1]}"#, #"{"name":"canary""#, #"{"city":"canary","nome":""}"#]
    {
      guard case .failure(let error) = try read(line)[0] else { return XCTFail(line) }
      XCTAssertFalse("\(error)".contains("canary"))
    }
  }

  func testWhatIsWrittenIsReadAgain() throws {
    let record = Record(
      line: 1,
      values: [
        "name": .text("a\"\\\n\u{2028}é"), "groups": .list(["a", "b"]), "disabled": .truth(false),
      ])
    let bytes = try RecordFormat.json.line(record, columns: columns)
    XCTAssertEqual(bytes.filter { $0 == UInt8(ascii: "\n") }.count, 1)
    XCTAssertEqual(
      try RecordFormat.json.records(in: bytes, columns: columns).map { try $0.get() }, [record])
  }

  func testTheNameOfAFileTellsItsFormat() {
    XCTAssertEqual(RecordFormat(path: "/a.b/users.CSV"), .csv)
    for name in ["users.json", "users.jsonl", "./users.ndjson"] {
      XCTAssertEqual(RecordFormat(path: name), .json)
    }
    for name in ["users", "users.txt", "-", "", "users.csv.gz"] {
      XCTAssertNil(RecordFormat(path: name), name)
    }
  }
}
