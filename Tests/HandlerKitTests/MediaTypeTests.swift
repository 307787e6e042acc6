import XCTest

@testable import HandlerKit

final class MediaTypeTests: XCTestCase {
  func testNameAndParametersAreInLowerCase() {
    let type = MediaType("Application/JSON; Charset=\"UTF-8\";q=0.5")
    XCTAssertEqual(type?.name, "application/json")
    XCTAssertEqual(type?.parameters, ["charset": "utf-8", "q": "0.5"])
  }

  func testBlanksAndEmptyParametersAreNothing() {
    for text in ["a/b", " a/b\t", "a/b;", "a/b ; ;", "a/b;;"] {
      XCTAssertEqual(MediaType(text)?.name, "a/b", text)
      XCTAssertEqual(MediaType(text)?.parameters, [:], text)
    }
    XCTAssertEqual(MediaType("a/b ; c = d ")?.parameters, ["c": "d"])
  }

  func testWhatIsNoMediaTypeIsNone() {
    for text in ["", " ", "json", ";charset=utf-8", "a/b;charset", "a/b;charset="] {
      XCTAssertNil(MediaType(text), text)
    }
  }
}
