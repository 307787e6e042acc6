import PasswordStrength
import TestSupport
import XCTest

final class GuessabilityTests: XCTestCase {
  func testQ9_wordsRowsSequencesDatesAndRepetitionsAreEasyHoweverLong() {
    for (text, most) in [
      ("", 0), ("a", 5), ("password", 2), ("P@ssw0rd", 10), ("drowssap", 5),
      (String(repeating: "ab", count: 40), 20), (String(repeating: "0123456789", count: 6), 10),
      ("qwertyuiopasdfghjklzxcvbnm", 35), ("abcdefghijklmnopqrstuvwxyz0123456789", 15),
      ("12.03.1984-12.03.1984-12.03.1984", 40), ("correct horse battery staple", 55),
    ] as [(String, Double)] {
      XCTAssertLessThanOrEqual(Guessability.bits(of: text), most, text)
    }
  }

  func testQ9_separatorsMakeWordsNoHarder() {
    let plain = Guessability.bits(of: "thequickbrownfoxjumpsoverthelazydog")
    for separator in [" ", "-", "_", ".", "/"] {
      let text = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog"]
        .joined(separator: separator)
      XCTAssertLessThanOrEqual(Guessability.bits(of: text), plain, text)
    }
  }

  func testQ9_repetitionThatIsCutShortIsOne() {
    let once = Guessability.bits(of: "your-256-bit-secret-")
    XCTAssertLessThanOrEqual(
      Guessability.bits(of: "your-256-bit-secret-your-256-bit-secret"), once)
  }

  func testRandomTextIsHard() {
    XCTAssertGreaterThan(Guessability.bits(of: "qL7Vd0yXzB3nHc9TfWmE5sRk"), 90)
    XCTAssertGreaterThan(Guessability.bits(of: "8f14e45fceea167a5a36dedd4bea2543"), 84)
  }

  func testWordsThatAGuesserKnowsAreEasyInAnyCaseAndBackwards() {
    for text in ["Zwinglbert", "ZWINGLBERT", "treblgniwz", "zwinglbert"] {
      let stranger = Guessability.bits(of: text)
      let friend = Guessability.bits(of: text, knowing: ["", "zwinglbert", "Aachen"])
      XCTAssertGreaterThan(stranger, 30, text)
      XCTAssertLessThan(friend, 8, text)
    }
    XCTAssertEqual(
      Guessability.bits(of: "zwinglbert", knowing: ["other"]), Guessability.bits(of: "zwinglbert"))
  }

  func testOnlyTheFirst100BytesCountSoThatTimeIsBounded() {
    let start = String(repeating: "x7", count: 50)
    XCTAssertEqual(Guessability.bits(of: start + "qL7Vd0yXzB3nHc9T"), Guessability.bits(of: start))
    let began = ContinuousClock.now
    for part in ["1", "!1|", "a4@", "é", "qwerty", "19991231", "(c{<"] {
      _ = Guessability.bits(of: String(repeating: part, count: 100_000))
    }
    XCTAssertLessThan(ContinuousClock.now - began, .seconds(5))
  }

  func testAnyBytesAreTaken() {
    for text in ["\0", "a\0b", "\u{FFFF}", String(repeating: "💠", count: 26), "\u{1}\u{7F}"] {
      XCTAssertGreaterThanOrEqual(Guessability.bits(of: text), 0)
      XCTAssertTrue(Guessability.bits(of: text, knowing: [text]).isFinite)
    }
  }

  func testAnyNumberOfThreadsGetTheSameAnswer() {
    let texts = (0..<50).map { "Zwinglbert-\($0)-qwerty-\($0 * 7919)" }
    let expected = texts.map { Guessability.bits(of: $0, knowing: ["zwinglbert"]) }
    for bits in onThreads(
      8,
      { _ in
        texts.map { Guessability.bits(of: $0, knowing: ["zwinglbert"]) }
      })
    {
      XCTAssertEqual(bits, expected)
    }
  }
}
