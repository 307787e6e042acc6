import DocumentStore
import FileDocumentStore
import Foundation
import Glibc
import XCTest

/// The format of version 1, to the byte: what was written once is read for ever.
final class FormatTests: StoreTestCase {
  private struct Dated: Document {
    static let collection = "dated"
    var at = Date(timeIntervalSince1970: 1_800_000_000.25)
    var count = 1
    var text = "a/b é"
  }

  private static let key = "A/b"
  private static let name = "dated/36/%41%2fb.json"
  private static let line =
    #"{"version":1,"key":"A\/b","sha256":"0ef729e3ced28d10aa90aef322218c620cf9cea338786eec21d5a2f502c92bbe","#
    + #""document":{"at":1800000000.25,"count":1,"text":"a/b é"}}"# + "\n"

  func testDocumentIsWrittenAsItAlwaysWas() throws {
    try store().update(Dated.self, Self.key) { $0 = Dated() }
    let bytes = try bytes("\(path)/\(Self.name)")
    XCTAssertEqual(String(decoding: bytes, as: UTF8.self), Self.line)
  }

  func testDocumentThatWasWrittenOnceIsReadAndChanged() throws {
    let store = try store()
    let file = "\(path)/\(Self.name)"
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: file).deletingLastPathComponent().path,
      withIntermediateDirectories: true)
    try write(Array(Self.line.utf8), to: file)
    XCTAssertEqual(try store.read(Dated.self, Self.key), Dated())
    try store.update(Dated.self, Self.key) { $0?.count = 2 }
    XCTAssertEqual(try store.read(Dated.self, Self.key)?.count, 2)
  }
}
