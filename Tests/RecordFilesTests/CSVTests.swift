import RecordFiles
import XCTest

final class CSVTests: XCTestCase {
  private let columns = ["name", "city", "groups"]

  /// Each record's fields by commas, or what is wrong with it, behind the number of its line.
  private func read(_ text: String) throws -> [String] {
    try RecordFormat.csv.records(in: Array(text.utf8), columns: columns).map { record in
      switch record {
      case .success(let record):
        let fields = try columns.compactMap { try record.text($0) }
        return "\(record.line): " + fields.joined(separator: "|")
      case .failure(let error): return "\(error.line)! \(error.reason)"
      }
    }
  }

  func testFieldsAreAsRFC4180HasThem() throws {
    XCTAssertEqual(
      try read("name,city\nann,Elm\r\nbob,\"a, \"\"b\"\"\nc\r\nd\"\n\n\r\ncarol,\ndora,x"),
      ["2: ann|Elm", "3: bob|a, \"b\"\nc\r\nd", "8: carol|", "9: dora|x"])
    XCTAssertEqual(try read("\u{FEFF}city,name\r\nElm,ann\r\n"), ["2: ann|Elm"])
    XCTAssertEqual(try read("name,city\n\"\",\"\"\n a , b\rc"), ["2: |", "3:  a | b\rc"])
    XCTAssertEqual(try read("name,city\n"), [])
  }

  func testABadRowIsNamedWithItsLineAndNoOtherIsLost() throws {
    let rows = [
      "ann", "ann,Elm,more", "\"ann\"x,Elm", "a\"nn,Elm", "\"ann,Elm", "ann,\"Elm",
    ]
    for row in rows {
      let read = try read("name,city\nbob,Elm\n\(row)\ncarol,\"E\nlm\"\ndora,Elm\n")
      XCTAssertEqual(read.first, "2: bob|Elm", row)
      XCTAssertTrue(read[1].hasPrefix("3! "), "\(read)")
      XCTAssertEqual(read.suffix(2), ["4: carol|E\nlm", "6: dora|Elm"], row)
    }
    var bytes = Array("name,city\nann,".utf8) + [0xff]
    bytes += Array("\nbob,Elm\n".utf8)
    let records = try RecordFormat.csv.records(in: bytes, columns: columns)
    XCTAssertEqual(
      records.map { (try? $0.get())?.line }, [nil, 3])
  }

  func testAFirstRowThatCannotBeMeantIsRefused() {
    for text in ["", "\n\n", "nome,city\nann,Elm\n", "name,name\n", "name,\n", "\"name\n"] {
      XCTAssertThrowsError(try read(text), text) { XCTAssertTrue($0 is RecordError) }
    }
  }

  func testWhatIsWrittenIsReadAgain() throws {
    for text in ["", " ", "a,b", "\"", "\"\"", "a\nb", "\r\n", "\r", "é\"\u{301}", "\u{0}", ",\","]
    {
      let record = Record(line: 2, values: ["name": .text(text), "city": .text("x")])
      for order in [["name", "city"], ["city", "name"]] {
        var bytes = RecordFormat.csv.head(order)
        bytes += try RecordFormat.csv.line(record, columns: order)
        let read = try RecordFormat.csv.records(in: bytes, columns: columns).map { try $0.get() }
        XCTAssertEqual(read.map { $0.values["name"] }, [.text(text)], text.debugDescription)
      }
    }
  }

  func testTruthsAndListsAreTextsOfTheirOwn() throws {
    let record = Record(
      line: 1,
      values: [
        "yes": .text("true"), "no": .text("false"), "none": .text(""), "odd": .text("1"),
        "list": .text("ops,web"),
      ])
    XCTAssertEqual(try record.truth("yes"), true)
    XCTAssertEqual(try record.truth("no"), false)
    XCTAssertNil(try record.truth("none"))
    XCTAssertNil(try record.truth("missing"))
    XCTAssertThrowsError(try record.truth("odd"))
    XCTAssertEqual(try record.list("list"), ["ops", "web"])
    XCTAssertEqual(try record.list("none"), [])
    XCTAssertNil(try record.list("missing"))
    XCTAssertNil(try record.filledText("none"))
  }
}
