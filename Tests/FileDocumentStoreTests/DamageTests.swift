import DocumentStore
import FileDocumentStore
import Glibc
import XCTest

/// F13: whatever befalls a document's file, it is told from a good one, left byte for byte as it
/// is, and nobody else's document is touched.
final class DamageTests: StoreTestCase {
  /// Another kind of document in the same place.
  private struct Other: Document {
    static let collection = Note.collection
    var other = true
  }

  private var damagedStore: FileDocumentStore!
  private var good: [UInt8] = []
  private var file = ""

  override func setUpWithError() throws {
    try super.setUpWithError()
    damagedStore = try store(holding: "victim", "other")
    file = try file("victim")
    good = try bytes(file)
  }

  private func assertDamaged(
    by bytes: [UInt8], _ name: String, file: StaticString = #filePath, line: UInt = #line
  ) throws {
    try write(bytes, to: self.file)
    assertDamaged(damagedStore, "victim", name, file: file, line: line)
    XCTAssertEqual(try self.bytes(self.file), bytes, name, file: file, line: line)
  }

  private func assertOthersAreServed() throws {
    XCTAssertEqual(try damagedStore.read(Note.self, "other"), Note(text: "other"))
    try damagedStore.update(Note.self, "other") { $0?.count += 1 }
    XCTAssertEqual(try damagedStore.read(Note.self, "other")?.count, 1)
    try write(good, to: file)
    XCTAssertEqual(try damagedStore.read(Note.self, "victim"), Note(text: "victim"))
  }

  func testF13_truncatedAtAnyByte() throws {
    for count in 0..<good.count { try assertDamaged(by: Array(good[..<count]), "\(count) bytes") }
    try assertOthersAreServed()
  }

  func testF13_oneBitFlippedInAnyByte() throws {
    for index in good.indices {
      for bit in [index % 8, (index + 3) % 8] {
        var bytes = good
        bytes[index] ^= 1 << bit
        try assertDamaged(by: bytes, "byte \(index), bit \(bit)")
      }
    }
    try assertOthersAreServed()
  }

  func testF13_anyByteMissingOrTwice() throws {
    for index in good.indices {
      var bytes = good
      bytes.remove(at: index)
      // Where two equal bytes stand side by side, either is the one that is left.
      try assertDamaged(by: bytes, "without byte \(index)")
      bytes = good
      bytes.insert(good[index], at: index)
      try assertDamaged(by: bytes, "byte \(index) twice")
    }
  }

  func testF13_otherContents() throws {
    let text = String(decoding: good, as: UTF8.self)
    let contents = [
      "null", "null\n", "{}\n", "[]\n", "\n", "\0", #"{"text":"victim","count":0}"#,
      "\u{FEFF}" + text, text + "\n", text + "x", text + text, " " + text, text + "\0",
      text.replacing("\n", with: "\r\n"), text.replacing(",", with: ", "),
      text.replacing(#"{"version":1,"#, with: #"{"version":1,"version":1,"#),
      text.replacing(#""key":"victim","#, with: #""key":"victim","key":"victim","#),
      text.replacing(#""count":0"#, with: #""count":0,"count":0"#),
      text.replacing(#""count":0"#, with: #""count":9"#),
      text.replacing(#"{"version":1,"#, with: #"{"version":2,"#),
      text.replacing(#"{"version":1,"#, with: #"{"version":10,"#),
      text.replacing(#"{"version":1,"#, with: #"{"version":"1","#),
      text.replacing(#"{"version":1,"#, with: "{"),
    ]
    for content in contents { try assertDamaged(by: Array(content.utf8), content) }
    try assertOthersAreServed()
  }

  func testF13_anotherUsersDocument() throws {
    try assertDamaged(by: bytes(file("other")), "another user's document")
    try assertOthersAreServed()
  }

  func testF13_anotherSchema() throws {
    try damagedStore.update(Other.self, "stranger") { $0 = Other() }
    let stranger = try file("stranger")
    let before = try bytes(stranger)
    assertDamaged(damagedStore, "stranger")
    XCTAssertEqual(try bytes(stranger), before)
  }

  func testF13_aGigabyteOfZeros() throws {
    truncate(file, 0)
    truncate(file, 1 << 30)
    assertDamaged(damagedStore, "victim")
    var status = stat()
    stat(file, &status)
    XCTAssertEqual(status.st_size, 1 << 30)
    XCTAssertEqual(status.st_blocks, 0)
    try assertOthersAreServed()
  }

  func testF13_allZerosOfTheSameLength() throws {
    try assertDamaged(by: [UInt8](repeating: 0, count: good.count), "zeros")
  }

  func testDescriptionOfDamageTellsNothingOfTheDocument() throws {
    let secret = "hunter2"
    try damagedStore.update(Note.self, "victim") { $0 = Note(text: secret) }
    try write(bytes(file).dropLast(3), to: file)
    XCTAssertThrowsError(try damagedStore.read(Note.self, "victim")) {
      XCTAssertFalse("\($0)".contains(secret))
      XCTAssertTrue("\($0)".contains("victim.json"), "\($0)")
    }
  }

  func testF13_damagedDocumentIsStillAmongTheKeys() throws {
    try assertDamaged(by: [], "empty")
    XCTAssertEqual(try damagedStore.keys(of: Note.self).sorted(), ["other", "victim"])
  }
}
