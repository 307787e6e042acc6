import Glibc
import XCTest

@testable import Postern

/// sd_listen_fds(3). What is passed well is tried with systemd's own program.
final class SocketActivationTests: XCTestCase {
  private func socket(_ environment: [String: String]) throws -> Bool {
    try SocketActivation.socket(environment: environment, process: 7) != nil
  }

  func testH13_withoutASocketForThisVeryProcessItMakesItsOwn() throws {
    XCTAssertFalse(try socket([:]))
    XCTAssertFalse(try socket(["LISTEN_PID": "7"]))
    XCTAssertFalse(try socket(["LISTEN_FDS": "1"]))
    XCTAssertFalse(try socket(["LISTEN_PID": "8", "LISTEN_FDS": "1"]))
    XCTAssertFalse(try socket(["LISTEN_PID": "", "LISTEN_FDS": "1"]))
  }

  func testH14_moreOrLessThanOneSocketStopsTheStart() {
    for count in ["0", "2", "", "x", "-1"] {
      XCTAssertThrowsError(try socket(["LISTEN_PID": "7", "LISTEN_FDS": count]), count) {
        XCTAssertTrue($0 is ConfigurationError, "\($0)")
      }
    }
  }

  func testChildrenDoNotGetWhatIsForThisProcess() {
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] {
      XCTAssertTrue(ServiceManager.environmentNames.contains(name), name)
    }
  }
}
