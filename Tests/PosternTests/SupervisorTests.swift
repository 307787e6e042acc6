import Foundation
import Logging
import SystemCalls
import TestSupport
import XCTest

@testable import Postern

final class SupervisorTests: TemporaryFolderTestCase {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  func testH18_anyTimeFitsIntoWhatPollTakes() {
    for (duration, milliseconds) in [
      (.seconds(-1), 0), (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1_500), 1_500),
      (.seconds(30 * 86_400), Int32.max), (.seconds(Int64.max), Int32.max),
    ] as [(Duration, Int32)] {
      XCTAssertEqual(Supervisor.milliseconds(duration), milliseconds, "\(duration)")
    }
  }

}
