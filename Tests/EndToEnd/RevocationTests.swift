import Foundation
import Synchronization
import TestSupport
import XCTest

/// What ended is over on every worker as soon as the answer says so.
final class RevocationTests: EndToEndTestCase {
  /// Enough requests at once that every worker gets some.
  private func statuses(_ token: String) throws -> Set<Int> {
    Set(
      try site.askAtOnce(Array(repeating: .get("/job-list", bearer: token), count: 48))
        .map(\.status))
  }

  func testP1_tokenOfASessionThatSignedOutIsRefusedByTheNextRequestOnEveryWorker() throws {
    for _ in 0..<10 {
      let session = try site.login("alice")
      XCTAssertEqual(try statuses(session.accessToken), [200])
      XCTAssertEqual(
        try site.ask(.post("/logout", json: ["refreshToken": session.refreshToken])).status, 204)
      XCTAssertEqual(try statuses(session.accessToken), [401])
    }
  }

  func testP1_noRequestThatStartsAfterTheAnswerToTheSignOutIsAdmitted() throws {
    let site = try site
    for round in 0..<10 {
      let session = try site.login("alice")
      let isOver = Mutex(false)
      let late = Mutex<[Int]>([])
      let group = DispatchGroup()
      for _ in 0..<8 {
        group.enter()
        Thread {
          for _ in 0..<150 {
            let startsLate = isOver.withLock { $0 }
            let status = (try? site.ask(.get("/job-list", bearer: session.accessToken)).status) ?? 0
            if startsLate { late.withLock { $0.append(status) } }
          }
          group.leave()
        }.start()
      }
      usleep(30_000)
      XCTAssertEqual(
        try site.ask(.post("/logout", json: ["refreshToken": session.refreshToken])).status, 204)
      isOver.withLock { $0 = true }
      group.wait()
      let statuses = late.withLock { $0 }
      XCTAssertGreaterThan(statuses.count, 8, "round \(round)")
      XCTAssertEqual(Set(statuses), [401], "round \(round)")
    }
  }
}
