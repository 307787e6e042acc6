import XCTest

@testable import HandlerKit

final class MediaTypeTests: XCTestCase {
  private func type(_ text: String) -> MediaType? { MediaType(Array(text.utf8)) }

  func testNameAndParametersAreInLowerCase() {
    let type = self.type("Application/JSON; Charset=\"UTF-8\";q=0.5")
    XCTAssertEqual(type?.name, "application/json")
    XCTAssertEqual(type?.parameters, ["charset": "utf-8", "q": "0.5"])
  }

  func testBlanksAndEmptyParametersAreNothing() {
    for text in ["a/b", " a/b\t", "a/b;", "a/b ; ;", "a/b;;"] {
      XCTAssertEqual(type(text)?.name, "a/b", text)
      XCTAssertEqual(type(text)?.parameters, [:], text)
    }
    XCTAssertEqual(type("a/b ; c = d ")?.parameters, ["c": "d"])
  }

  func testWhatIsNoMediaTypeIsNone() {
    for text in [
      "", " ", "json", ";charset=utf-8", "a/b;charset", "a/b;charset=", "a/b;=c",
      "a/b;c=d;C=e",
    ] {
      XCTAssertNil(type(text), text)
    }
  }
}
