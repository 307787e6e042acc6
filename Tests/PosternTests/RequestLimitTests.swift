import SystemCalls
import XCTest

@testable import Postern

final class RequestLimitTests: XCTestCase {
  func testH9_zeroTurnsItOffAndAWorkerIsSilentOnlyAfterItCouldHaveReportedSeveralTimes() throws {
    XCTAssertNil(RequestLimit(seconds: 0))
    let limit = try XCTUnwrap(RequestLimit(seconds: 4))
    XCTAssertEqual(limit.duration, .seconds(4))
    XCTAssertEqual(limit.interval, .seconds(1))
    XCTAssertEqual(limit.silence, .seconds(5))
  }

  func testH9_aWorkerThatNeverReportsIsNotTakenForSilent() throws {
    let pipe = try System.pipe()
    var worker = WorkerProcess(id: 1, reports: pipe.read, requestLimit: RequestLimit(seconds: 1))
    XCTAssertNil(worker.silentAt)
    worker.forgiveSilence()
    XCTAssertNil(worker.silentAt, "it may be of an earlier version")
    worker.noteAlive()
    let first = try XCTUnwrap(worker.silentAt)
    worker.forgiveSilence()
    XCTAssertGreaterThan(try XCTUnwrap(worker.silentAt), first)

    var free = WorkerProcess(id: 1, reports: pipe.read, requestLimit: nil)
    free.noteAlive()
    XCTAssertNil(free.silentAt)
  }
}
