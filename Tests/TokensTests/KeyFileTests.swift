import Foundation
import Glibc
import TestSupport
import Tokens
import XCTest

final class KeyFileTests: TemporaryFolderTestCase {
  private var path: String { "\(folder)/keys.json" }

  private func assertRefused(
    _ hint: String = "", _ line: UInt = #line, without canary: String? = nil
  ) {
    XCTAssertThrowsError(try KeyFile.loadOrCreate(inFolder: folder), hint, line: line) { error in
      XCTAssertTrue(error is KeyFileError, "\(error)", line: line)
      XCTAssertTrue("\(error)".hasPrefix("keys.json: "), "\(error)", line: line)
      if let canary {
        XCTAssertFalse("\(error)".contains(canary), "\(error)", line: line)
        XCTAssertFalse(String(reflecting: error).contains(canary), line: line)
      }
    }
  }

  private func write(_ text: String, mode: Int = 0o600) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
  }

  func testMadeOnceForItsOwnerAloneAndReadAgain() throws {
    let first = try KeyFile.loadOrCreate(inFolder: folder)
    XCTAssertEqual(try files(), ["keys.json"])
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    XCTAssertEqual(attributes[.posixPermissions] as? Int, 0o600)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))

    let second = try KeyFile.loadOrCreate(inFolder: folder)
    XCTAssertEqual(first.access, second.access)
    XCTAssertEqual(first.refresh, second.refresh)
    XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: path)), bytes)
  }

  func testM2_Q10_aFileWithTwoReadingsIsRefused() throws {
    _ = try KeyFile.loadOrCreate(inFolder: folder)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let twice = text.replacingOccurrences(
      of: #""alg":"HS256""#, with: #""alg":"HS256","alg":"HS256""#)
    XCTAssertNotEqual(twice, text)
    for text in [twice, String(text.dropLast()) + ",}"] {
      try write(text)
      assertRefused(text)
    }
  }

  private let versionOne = """
    {"keys":[{"alg":"HS256","k":"q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k","kid":"a","typ":"at+jwt"},\
    {"alg":"HS256","k":"ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8","kid":"r","typ":"rt+jwt"}],"version":1}
    """

  func testM4_aFileOfVersionOneIsReadAndWrittenAsVersionTwo() throws {
    try write(versionOne)
    let file = try XCTUnwrap(KeyFile.load(inFolder: folder))
    XCTAssertEqual(file.access.signing.id, "a")
    XCTAssertEqual(file.refresh.signing.id, "r")
    XCTAssertEqual(try String(contentsOfFile: path, encoding: .utf8), versionOne)

    let new = try KeySecret.random()
    let changed = try KeyFile.update(inFolder: folder) { file in
      KeyFile(
        access: KeySet(signing: new, verifying: [file.access.signing], retired: ["gone"]),
        refresh: file.refresh)
    }
    XCTAssertEqual(try KeyFile.load(inFolder: folder), changed)
    XCTAssertEqual(changed.access.verifying.map(\.id), ["a"])
    XCTAssertEqual(changed.refresh, file.refresh)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    XCTAssertTrue(text.contains(#""version":2"#))
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    XCTAssertEqual(attributes[.posixPermissions] as? Int, 0o600)
    XCTAssertEqual(try files(), ["keys.json"])
  }

  func testM4_changesAtOnceAreMadeOneAfterTheOther() throws {
    _ = try KeyFile.loadOrCreate(inFolder: folder)
    let folder = folder
    onThreads(8) { _ in
      try? KeyFile.update(inFolder: folder) { file in
        KeyFile(
          access: KeySet(
            signing: try .random(), verifying: file.access.verifying + [file.access.signing]),
          refresh: file.refresh)
      }
    }
    XCTAssertEqual(try KeyFile.load(inFolder: folder)?.access.verifying.count, 8)
  }

  func testM4_M8_keysThatDoNotFitTogetherAreRefused() throws {
    let signs = #","use":"sign""#
    for (old, new) in [
      (#""kid":"r""#, #""kid":"a""#), (#""typ":"rt+jwt""#, #""typ":"at+jwt""#),
      (#""alg":"HS256""#, #""alg":"none""#), (#""alg":"HS256""#, #""alg":"ES256""#),
      (#""kid":"a""#, #""kid":"a","use":"verify""#), (#""kid":"a""#, #""kid":"a","use":"other""#),
      (#""kid":"a""#, #""kid":"a","use":"retired""#), (#""version":1"#, #""version":4"#),
      (#""typ":"at+jwt""#, #""typ":"x""# + signs),
    ] {
      let text = versionOne.replacingOccurrences(of: old, with: new)
      XCTAssertNotEqual(text, versionOne)
      try write(text)
      assertRefused(new, without: "ASNFZ4mrze8BI0Vn")
    }
  }

  func testM4_aFileThatAnOlderProgramUnderstandsSaysSoAndAnotherDoesNot() throws {
    let file = try KeyFile.loadOrCreate(inFolder: folder)
    func version(_ file: KeyFile) throws -> String? {
      let text = String(decoding: try file.encoded(), as: UTF8.self)
      XCTAssertEqual(try KeyFile(Array(text.utf8)), file)
      return text.split(separator: "\"version\":").last.map { String($0.prefix(1)) }
    }
    XCTAssertEqual(try version(file), "2")
    let other = try TokenKey(.random(), createdAt: 5, signsFrom: 7)
    XCTAssertEqual(try version(file.with(file.access.adding(other), for: .access)), "3")
    for kind in KeyFile.Kind.allCases {
      let keys = try file[kind].rotating(to: other, lifetime: 9)
      XCTAssertEqual(try version(file.with(keys, for: kind)), "3")
      let left = file.with(keys.withoutEnded(at: .max - 1), for: kind)
      XCTAssertEqual(try version(left), kind == .access ? "2" : "3", "the derived keys stay")
    }
    for algorithm in [KeyAlgorithm.es256, .ed25519] {
      XCTAssertEqual(try version(file.with(.random(algorithm), for: .access)), "3")
    }
  }

  func testM4_aFileOfANewerVersionIsToldFromANonsensicalOne() throws {
    try write(versionOne.replacingOccurrences(of: #""version":1"#, with: #""version":4"#))
    XCTAssertThrowsError(try KeyFile.load(inFolder: folder)) {
      XCTAssertEqual(
        "\($0)",
        "keys.json: of version 4, and this program reads 1 to 3: a newer one wrote it")
    }
  }

  func testM8_keysOfRefreshTokensAreOfHS256Alone() throws {
    let file = try KeyFile.loadOrCreate(inFolder: folder)
    for algorithm in [KeyAlgorithm.es256, .ed25519] {
      let bytes = try file.with(.random(algorithm), for: .refresh).encoded()
      try write(String(decoding: bytes, as: UTF8.self))
      assertRefused()
    }
  }

  func testM8_timesThatLeaveNoKeyToSignAreRefused() throws {
    for change in [#""kid":"a","until":5"#, #""kid":"a","use":"verify","from":5"#] {
      try write(
        versionOne.replacingOccurrences(of: #""kid":"a""#, with: change)
          .replacingOccurrences(of: #""version":1"#, with: #""version":3"#))
      assertRefused(change)
    }
  }

  func testM4_theFirstKeyIsOfTheAlgorithmThatIsAskedFor() throws {
    let file = try KeyFile.loadOrCreate(inFolder: folder, algorithm: .es256)
    XCTAssertEqual(file.access.signing.algorithm, .es256)
    XCTAssertEqual(file.refresh.signing.algorithm, .hs256)
    XCTAssertEqual(try KeyFile.load(inFolder: folder), file)
    XCTAssertEqual(
      try KeyFile.loadOrCreate(inFolder: folder), file, "what is there stays as it is")
  }

  func testM4_keysThatHaveEndedAreTakenOutOfTheFileAndTheirIDsStay() throws {
    let file = try KeyFile.loadOrCreate(inFolder: folder)
    XCTAssertEqual(try KeyFile.removeEnded(inFolder: folder, at: .distantFuture), [])
    let old = file.access.signing.id
    try KeyFile.update(inFolder: folder) { file in
      file.with(
        try file.access.rotating(to: TokenKey(.random(), signsFrom: 100), lifetime: 10),
        for: .access)
    }
    let end = Date(timeIntervalSince1970: TimeInterval(100 + 10 + KeySet.reloadTime))
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    XCTAssertEqual(try KeyFile.removeEnded(inFolder: folder, at: end.addingTimeInterval(-1)), [])
    XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: path)), before)
    XCTAssertEqual(try KeyFile.removeEnded(inFolder: folder, at: end), [old])
    let left = try XCTUnwrap(KeyFile.load(inFolder: folder))
    XCTAssertEqual(left.access.keys.count, 1)
    XCTAssertEqual(left.access.retired, [old])
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    XCTAssertEqual(attributes[.posixPermissions] as? Int, 0o600)
  }

  func testM7_derivedKeysStayWhenTheKeysOfRefreshTokensAreRotated() throws {
    let first = try KeyFile.loadOrCreate(inFolder: folder)
    var file = first
    for round in 1...3 {
      let new = try TokenKey(.random(), signsFrom: round * 100)
      file = file.with(try file.refresh.rotating(to: new, lifetime: 10), for: .refresh)
      file = try KeyFile(file.encoded())
      file = file.with(file.refresh.withoutEnded(at: round * 100 + 99), for: .refresh)
      file = try KeyFile(file.encoded())
      XCTAssertEqual(file.refresh.keys.map(\.id), [new.id])
      for purpose in ["throttle", "known browsers"] {
        XCTAssertEqual(
          file.derivation.derivedKey(for: purpose), first.refresh.signing.derivedKey(for: purpose))
      }
    }
  }

  func testM7_theTwoKindsHaveDifferentKeys() throws {
    let file = try KeyFile.loadOrCreate(inFolder: folder)
    XCTAssertNotEqual(file.access, file.refresh)
    XCTAssertNotEqual(file.access.signing.id, file.refresh.signing.id)
  }

  func testM2_allWhoStartAtOnceGetTheSameKeys() throws {
    let folder = folder
    let found = onThreads(16) { _ in try? KeyFile.loadOrCreate(inFolder: folder) }
    XCTAssertEqual(found.compactMap(\.self).count, 16)
    let first = try XCTUnwrap(found.first ?? nil)
    for file in found {
      XCTAssertEqual(file?.access, first.access)
      XCTAssertEqual(file?.refresh, first.refresh)
    }
    XCTAssertEqual(try files(), ["keys.json"])
  }

  func testM2_fileThatOthersMayReadIsRefused() throws {
    _ = try KeyFile.loadOrCreate(inFolder: folder)
    for mode in [0o640, 0o604, 0o620, 0o602, 0o601, 0o610] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
      assertRefused("mode \(String(mode, radix: 8))")
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: path)
    XCTAssertNoThrow(try KeyFile.loadOrCreate(inFolder: folder))
  }

  func testM2_fileAndFolderOfAnotherUserAreRefused() throws {
    try XCTSkipUnless(geteuid() == 0, "only root can give files away")
    _ = try KeyFile.loadOrCreate(inFolder: folder)
    chown(path, 65534, 65534)
    assertRefused()
    chown(path, 0, 0)
    XCTAssertNoThrow(try KeyFile.loadOrCreate(inFolder: folder))
    chown(folder, 65534, 65534)
    assertRefused()
    XCTAssertThrowsError(try KeyFile.load(inFolder: folder))
  }

  func testM2_folderThatOthersMayWriteToIsRefusedAndNoKeysAreMade() throws {
    chmod(folder, 0o777)
    assertRefused()
    XCTAssertEqual(try files(), [])
  }

  func testQ9_keyThatCouldBeGuessedIsRefusedAndIsNotShown() throws {
    _ = try KeyFile.loadOrCreate(inFolder: folder)
    let good = try String(contentsOfFile: path, encoding: .utf8)
    for weak in ["secretsecretsecretsecretsecretsecret", "\0\u{1}\u{2}\u{3}\0\u{1}\u{2}\u{3}"] {
      let bytes = Data(String(repeating: weak, count: 4).utf8)
      let text = bytes.base64EncodedString().replacingOccurrences(of: "=", with: "")
      let key = try Regex(#""k":"[^"]*""#)
      try write(good.replacing(key, with: #""k":"\#(text)""#))
      assertRefused(weak, without: text)
      assertRefused(weak, without: weak)
    }
  }

  func testM2_symbolicLinkAndFolderAreRefusedAndLeftAlone() throws {
    _ = try KeyFile.loadOrCreate(inFolder: folder)
    try FileManager.default.moveItem(atPath: path, toPath: "\(folder)/elsewhere.json")
    try FileManager.default.createSymbolicLink(
      atPath: path, withDestinationPath: "\(folder)/elsewhere.json")
    assertRefused()
    XCTAssertNoThrow(try FileManager.default.destinationOfSymbolicLink(atPath: path))

    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    assertRefused()
  }

  func testM2_malformedFileIsRefusedAndSaysNothingOfAKey() throws {
    _ = try KeyFile.loadOrCreate(inFolder: folder)
    let good = try String(contentsOfFile: path, encoding: .utf8)
    let canary = "Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"
    let key = #"{"alg":"HS256","k":"\#(canary)","kid":"a","typ":"at+jwt"}"#
    for text in [
      "", "null", "[]", "{}", "{", canary, #"{"version":1}"#, #"{"version":1,"keys":[]}"#,
      #"{"version":1,"keys":[\#(key)]}"#, #"{"version":1,"keys":[\#(key),\#(key)]}"#,
      good.replacingOccurrences(of: #""version":2"#, with: #""version":4"#),
      good.replacingOccurrences(of: "HS256", with: "none"),
      good.replacingOccurrences(of: "rt+jwt", with: "at+jwt"),
      good.replacingOccurrences(of: #""k":""#, with: #""k":"="#),
      good.replacingOccurrences(of: #""k":""#, with: #""k":"AAAA","was":""#),
      "\u{FEFF}" + canary, String(good.dropLast(3)),
    ] {
      try write(text)
      assertRefused(text, without: canary)
      XCTAssertEqual(try Data(contentsOf: URL(fileURLWithPath: path)), Data(text.utf8))
    }
    try write(good + "\n")
    XCTAssertNoThrow(try KeyFile.loadOrCreate(inFolder: folder))
  }

  func testMissingFolderIsRefused() {
    XCTAssertThrowsError(try KeyFile.loadOrCreate(inFolder: "\(folder)/none")) {
      XCTAssertTrue($0 is KeyFileError)
    }
  }
}
