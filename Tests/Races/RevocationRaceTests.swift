import Accounts
import Foundation
import Synchronization
import TestSupport
import XCTest

/// Clients ask without a pause, on connections to all workers, while a session ends: none of their
/// requests that starts after the answer to that is admitted.
///
/// Lasts some seconds, and with `POSTERN_TEST_LONG` three minutes.
final class RevocationRaceTests: TemporaryFolderTestCase {
  private static let isLong = ProcessInfo.processInfo.environment["POSTERN_TEST_LONG"] != nil
  private static let workers = 4
  private static let clients = 5
  private static let connections = 4

  /// What became of requests.
  private struct Tally {
    /// Those that started before the answer, and how many of them were admitted.
    var before = 0
    var admittedBefore = 0
    /// Those that started after it.
    var late = 0
    var admittedLate: [String] = []

    static func + (one: Tally, other: Tally) -> Tally {
      Tally(
        before: one.before + other.before,
        admittedBefore: one.admittedBefore + other.admittedBefore,
        late: one.late + other.late, admittedLate: one.admittedLate + other.admittedLate)
    }
  }

  func testP1_noRequestThatStartsAfterTheAnswerToARevocationIsAdmitted() throws {
    let user = try XCTUnwrap(RaceUsers.add(1, dataFolder: "\(folder)/data").first)
    let documents = try TestStore.open(folder: "\(folder)/data")
    try documents.update(User.self, user.name) { $0?.groups = ["ops"] }
    let postern = try PosternProcess(
      folder: folder,
      settings: [
        "POSTERN_WORKERS": "\(Self.workers)", "POSTERN_THROTTLE_ENABLED": "false",
        "POSTERN_TOKENS_GRACE": "0", "POSTERN_LOG_LEVEL": "critical",
        "POSTERN_SESSIONS_LIMIT": "100",
      ])
    defer { XCTAssertTrue(postern.stop(), "postern did not end when told to") }
    let revoker = Revoker(name: user.name, documents: documents, socketPath: postern.socketPath)

    // Ends the others, and goes on.
    let mine = try revoker.signIn()
    var tallies: [Revocation: (rounds: Int, all: Tally)] = [:]
    let deadline = ContinuousClock.now + .seconds(Self.isLong ? 180 : 5)
    while ContinuousClock.now < deadline {
      for revocation in Revocation.allCases {
        let (rounds, all) = tallies[revocation] ?? (0, Tally())
        let tally = try round(
          revocation, revoker, mine, user.name, postern.socketPath)
        tallies[revocation] = (rounds + 1, all + tally)
      }
    }
    for revocation in Revocation.allCases {
      let (rounds, tally) = try XCTUnwrap(tallies[revocation])
      print(
        "\(revocation), \(rounds) rounds: \(tally.admittedLate.count) of \(tally.late) requests",
        "that started after the answer were admitted;",
        "of those before, \(tally.admittedBefore) of \(tally.before)")
      XCTAssertEqual(tally.admittedLate, [], "\(revocation)")
      // A race in which these did not occur has shown nothing.
      XCTAssertGreaterThan(tally.late, 20 * rounds)
      XCTAssertGreaterThan(tally.admittedBefore, 2 * rounds)
    }
  }

  private func round(
    _ revocation: Revocation, _ revoker: Revoker, _ mine: Revoker.Session, _ name: String,
    _ socketPath: String
  ) throws -> Tally {
    try revoker.restoring {
      let old = try revoker.signIn()
      let session = try revoker.prepare(revocation, old)
      let password = revoker.currentPassword
      let isOver = Atomic(false)
      let admitted = Atomic(0)
      let group = DispatchGroup()
      let results = Mutex<[Result<Tally, any Error>]>([])
      for number in 0..<Self.clients {
        group.enter()
        Thread {
          let result = Result {
            try Self.ask(
              revocation, session, number, socketPath,
              isOver: { isOver.load(ordering: .acquiring) },
              noteAdmitted: { admitted.add(1, ordering: .relaxed) })
          }
          results.withLock { $0.append(result) }
          group.leave()
        }.start()
      }
      if revocation == .changePassword {
        group.enter()
        Thread {
          let result = Result {
            try Self.signInLate(
              name, password, socketPath, isOver: { isOver.load(ordering: .acquiring) })
          }
          results.withLock { $0.append(result) }
          group.leave()
        }.start()
      }
      usleep(15_000)
      // However long the clients take to begin.
      for _ in 0..<20_000 where admitted.load(ordering: .relaxed) < 5 { usleep(500) }
      try revoker.revoke(revocation, session, old: old, mine: mine)
      isOver.store(true, ordering: .releasing)
      group.wait()
      return try results.withLock { $0 }.reduce(Tally()) { try $0 + $1.get() }
    }
  }

  /// Asks on one connection after the other, each kind of request in turn, and some time longer
  /// than the session lives.
  private static func ask(
    _ revocation: Revocation, _ session: Revoker.Session, _ number: Int, _ socketPath: String,
    isOver: () -> Bool, noteAdmitted: () -> Void
  ) throws -> Tally {
    let connections = (0..<Self.connections).map { _ in RaceConnection(path: socketPath) }
    let calls = Self.calls(revocation, session)
    var tally = Tally()
    var next = number
    while tally.late < 3 * calls.count {
      let isLate = isOver()
      let call = calls[next % calls.count]
      let reply = try call.make(connections[next / calls.count % Self.connections])
      let isAdmitted = reply?.status != revocation.refusal
      if isLate {
        tally.late += 1
        if isAdmitted { tally.admittedLate.append("\(call.name): \(reply?.status ?? 0)") }
      } else {
        tally.before += 1
        tally.admittedBefore += isAdmitted ? 1 : 0
        if isAdmitted { noteAdmitted() }
      }
      next += 1
    }
    return tally
  }

  private typealias Call = (name: String, make: (RaceConnection) throws -> FastCGIReply?)

  private static func calls(_ revocation: Revocation, _ session: Revoker.Session) -> [Call] {
    func call(
      _ method: String, _ path: String, bearer: String? = nil, cookie: String? = nil
    ) -> Call {
      (
        "\(method) \(path) by \(bearer == nil ? "cookie" : "token")",
        {
          try $0.exchange(method, path, bearer: bearer, cookie: cookie).reply
        }
      )
    }
    let path = revocation == .leaveGroup ? "/verify?group=ops" : "/verify"
    let verify = [
      call("GET", path, cookie: session.refresh), call("GET", path, bearer: session.access),
    ]
    guard revocation != .leaveGroup else { return verify }
    return verify + [
      call("GET", "/job-list", bearer: session.access),
      call("GET", "/current-user", bearer: session.access),
      call("HEAD", "/sessions", bearer: session.access),
      call("DELETE", "/sessions/none", bearer: session.access),
    ]
  }

  /// Signs in with the password that is being changed. Where that was in time, the session has
  /// ended all the same when the change is answered.
  private static func signInLate(
    _ name: String, _ password: String, _ socketPath: String, isOver: () -> Bool
  ) throws -> Tally {
    let connection = RaceConnection(path: socketPath)
    var tally = Tally()
    var sessions: [Revoker.Session] = []
    while true {
      let isLate = isOver()
      let session = try Revoker.signIn(name, password, over: connection)
      if isLate {
        tally.late += 1
        if session != nil { tally.admittedLate.append("sign-in with the old password") }
        break
      }
      if let session { sessions.append(session) }
    }
    for session in sessions {
      for call in calls(.changePassword, session) {
        tally.late += 1
        let status = try call.make(connection)?.status
        if status != 401 { tally.admittedLate.append("late sign-in, \(call.name): \(status ?? 0)") }
      }
    }
    return tally
  }
}
