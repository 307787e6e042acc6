import Foundation
import Glibc
import Synchronization
import TestSupport
import XCTest

/// A process that holds the lock of one folder of the store and does not go on.
final class SlowFolderTests: TemporaryFolderTestCase {
  private var postern: PosternProcess?
  private var holder: Process?

  override func setUpWithError() throws {
    try super.setUpWithError()
    try TestStore.requireFiles()
  }

  override func tearDownWithError() throws {
    if let holder {
      kill(holder.processIdentifier, SIGKILL)
      holder.waitUntilExit()
    }
    postern?.stop()
    try super.tearDownWithError()
  }

  func testE17_aFolderThatIsHeldUpHoldsUpNoOtherFolder() throws {
    let (slow, other, path) = try usersOfTwoFolders()
    let waiters = Waiters(count: 16)
    try holdLock(of: slow)
    waiters.start { try RaceConnection(path: path).refresh(slow.token) }

    // Meanwhile the others sign on as ever, and whoever only reads does not wait.
    var token = other.token
    var answered = 0
    let connection = RaceConnection(path: path)
    while waiters.areWaiting {
      let refreshed = try connection.refresh(token)
      XCTAssertEqual(refreshed.reply?.status, 200)
      token = (refreshed.json as? [String: Any])?["refreshToken"] as? String ?? ""
      let list = try connection.exchange("GET", "/sessions", bearer: slow.access)
      XCTAssertEqual(list.reply?.status, 200)
      for exchange in [refreshed, list] {
        XCTAssertLessThan(
          exchange.end - exchange.start, 2_000_000, "waits as long as those who wait for the lock")
      }
      answered += 1
    }
    XCTAssertGreaterThan(answered, 3, "others were served while some waited")

    let replies = waiters.replies
    XCTAssertEqual(replies.map(\.status), Array(repeating: 503, count: 16))
    XCTAssertTrue(replies.allSatisfy { $0.headers["retry-after"] == "1" })
  }

  func testF19_F20_whenTheHolderOfALockDiesTheRefusedTokenWorksAtOnce() throws {
    let (slow, _, path) = try usersOfTwoFolders()
    let connection = RaceConnection(path: path)
    let holder = try holdLock(of: slow)
    XCTAssertEqual(try connection.refresh(slow.token).reply?.status, 503)
    kill(holder.processIdentifier, SIGKILL)
    holder.waitUntilExit()
    XCTAssertEqual(try connection.refresh(slow.token).reply?.status, 200)
  }

  // MARK: - What they need

  private struct SignedIn: Sendable {
    let token, access, lockPath: String
  }

  /// Two users who are signed in, and whose sessions are kept in different folders.
  private func usersOfTwoFolders() throws -> (slow: SignedIn, other: SignedIn, path: String) {
    let users = try RaceUsers.add(6, dataFolder: "\(folder)/data")
    let postern = try PosternProcess(
      folder: folder,
      settings: [
        "POSTERN_WORKERS": "2", "POSTERN_THROTTLE_ENABLED": "false",
        "POSTERN_LOG_LEVEL": "critical",
      ])
    self.postern = postern
    let signedIn = try users.map { try signIn($0.name, postern.socketPath) }
    let other = try XCTUnwrap(signedIn.first { $0.lockPath != signedIn[0].lockPath })
    return (signedIn[0], other, postern.socketPath)
  }

  private func signIn(_ name: String, _ path: String) throws -> SignedIn {
    let exchange = try RaceConnection(path: path).exchange(
      "POST", "/login", ["username": name, "password": TestHouse.password])
    let answer = try XCTUnwrap(exchange.json as? [String: Any])
    let id = try XCTUnwrap((answer["user"] as? [String: Any])?["id"] as? String)
    let file = try XCTUnwrap(files().first { $0.hasSuffix("/\(id).json") })
    let lock = URL(fileURLWithPath: "\(folder)/\(file)").deletingLastPathComponent()
      .appendingPathComponent(".lock")
    return SignedIn(
      token: try XCTUnwrap(answer["refreshToken"] as? String),
      access: try XCTUnwrap(answer["accessToken"] as? String), lockPath: lock.path)
  }

  /// Starts a process that takes the lock (flock(1)), and stops it once it has it.
  @discardableResult
  private func holdLock(of user: SignedIn) throws -> Process {
    let holder = Process()
    let output = Pipe()
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    holder.arguments = [
      "--no-fork", user.lockPath, "/bin/sh", "-c", "echo held; exec sleep 600",
    ]
    holder.standardOutput = output
    try holder.run()
    self.holder = holder
    XCTAssertEqual(try output.fileHandleForReading.read(upToCount: 4), Data("held".utf8))
    kill(holder.processIdentifier, SIGSTOP)
    return holder
  }
}

/// Requests that were sent at the same time, each on a connection of its own.
private final class Waiters: Sendable {
  private let count: Int
  private let answers = Mutex<[FastCGIReply?]>([])

  init(count: Int) { self.count = count }

  func start(_ body: @escaping @Sendable () throws -> RaceConnection.Exchange) {
    for _ in 0..<count {
      Thread.detachNewThread {
        let reply = (try? body())?.reply
        self.answers.withLock { $0.append(reply) }
      }
    }
  }

  /// Whether none has been answered yet.
  var areWaiting: Bool { answers.withLock { $0.isEmpty } }

  /// All replies, once they are there.
  var replies: [FastCGIReply] {
    while answers.withLock({ $0.count }) < count { usleep(10_000) }
    return answers.withLock { $0 }.compactMap(\.self)
  }
}

extension RaceConnection {
  fileprivate func refresh(_ token: String) throws -> Exchange {
    try exchange("POST", "/refresh-token", ["refreshToken": token])
  }
}
