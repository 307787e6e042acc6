import Accounts
import XCTest

final class GroupNameTests: XCTestCase {
  func testNamesAreOfASetThatStandsInHeadersAndQueriesAsItIs() {
    for name in ["a", "ops", "Ops", "team-1", "a_b", "a.b", "-", String(repeating: "g", count: 64)]
    {
      XCTAssertEqual(GroupName(name)?.text, name)
    }
    for name in [
      "", "a,b", "a b", "a%", "a+b", "a=b", "a&b", "a;b", "é", "a\n", "a\0", "\u{212A}", "e\u{301}",
      String(repeating: "g", count: 65),
    ] {
      XCTAssertNil(GroupName(name), name)
    }
    XCTAssertNotEqual(GroupName("ops"), GroupName("Ops"))
  }
}
