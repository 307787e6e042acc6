import Accounts
import ForeignInput
import XCTest

final class PasswordPolicyTests: XCTestCase {
  private let profile = User.Profile(
    email: "z.quillfeather@hollowoak.example", firstName: "Zwinglbert", lastName: "Quillfeather")

  private func refusal(
    _ text: String, _ policy: PasswordPolicy = PasswordPolicy(minimumLength: 15)
  ) -> String? {
    do {
      _ = try policy.password(ForeignText(text), forUser: "zquill", profile)
      return nil
    } catch {
      XCTAssertTrue(text.utf8.count < 6 || !error.description.contains(text), error.description)
      return error.description
    }
  }

  func testD4_theLengthIsCountedInCodePointsOfTheComposedForm() {
    let least = PasswordPolicy(minimumLength: 15)
    // One character for whoever reads it, and two code points.
    let thumb = "👍🏽"
    XCTAssertNil(refusal("qL7Vd0yXzB3nHc9", least))
    XCTAssertEqual(
      refusal("qL7Vd0yXzB3nHc", least),
      "The password is too short: it needs at least 15 characters, and has 14.")
    XCTAssertNil(refusal("qL7Vd0yXzB3nH" + thumb, least))
    XCTAssertNotNil(refusal("qL7Vd0yXzB3n" + thumb, least))
    // e with an accent, typed as two code points, is one.
    XCTAssertTrue(refusal("qL7Vd0yXzB3nHe\u{301}", least)?.contains("has 14") == true)
    XCTAssertNil(refusal("qL7Vd0yX", PasswordPolicy(minimumLength: 8)))
  }

  func testD4_atMost1024Bytes() {
    let long = (0..<512).map { String(UnicodeScalar(0x61 + UInt8($0 * 7 % 26))) }.joined()
    XCTAssertNil(refusal(long + long))
    XCTAssertEqual(
      refusal(long + long + "a"), "The password is too long: it may have at most 1024 bytes.")
    XCTAssertNotNil(refusal(String(repeating: "q", count: 1 << 20)))
  }

  func testWhatIsEasyToGuessIsRefusedWithTheReason() {
    for (text, reason) in [
      ("passwordpassword", "again and again"), ("Summer2024Summer2024", "again and again"),
      ("aaaaaaaaaaaaaaaaaaaa", "again and again"), ("abcdefghijklmnopqrst", "sequence"),
      ("1234567890123456", "again and again"), ("MySecretPassword", "many people use"),
      ("thequickbrownfox", "many people use"), ("letmein iloveyou dragon", "many people use"),
      ("Zwinglbert-Quillfeather", "your name or address"),
      ("z.quillfeather@hollowoak.example", "your name or address"),
      ("zquillzquillzquill", "again and again"), ("19841203", "date"), ("20010911", "date"),
    ] {
      let refusal = refusal(text, PasswordPolicy(minimumLength: 8))
      XCTAssertTrue(refusal?.contains("too easy to guess") == true, text)
      XCTAssertTrue(refusal?.contains(reason) == true, "\(text): \(refusal ?? "")")
    }
  }

  func testNothingIsAskedAboutComposition() {
    for text in [
      "lanterns over the quay", "correcthorsebatterystaple", "paper clip chain reef",
      "8203957164028375", "ßäöü ñandú œuvre ƒ", "守る石橋を叩いて渡る夜明け前に", "   quay   lantern   reef",
    ] {
      XCTAssertNil(refusal(text), text)
    }
  }
}
