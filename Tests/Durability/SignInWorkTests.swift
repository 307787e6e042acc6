import Accounts
import Foundation
import TestSupport
import XCTest

/// What a refused sign-in costs must not tell whether there is such a user.
final class SignInWorkTests: TemporaryFolderTestCase {
  /// How often each system call is made for a wrong password.
  private func calls(_ name: String, _ worker: WorkerProcess) throws -> [String: Int] {
    // Documents that were changed before are read in full until then, whosoever they are.
    usleep(50_000)
    let tracer = try Tracer(worker.process, [], in: folder)
    let reply = worker.call("POST", "/login", json: ["username": name, "password": "wrong horse"])
    XCTAssertEqual(reply?.text, "Username or password is wrong!")
    return tracer.counts().filter { Self.files.contains($0.key) }
  }

  /// The calls of the store and of the connection. What threads and the event queue do depends on the
  /// moment, and so does which request closes the connection of the one before. Whether a count of failures is
  /// shorter than the one before last (ftruncate) depends on the digits of the time.
  private static let files: Set = [
    "fdatasync", "flock", "fstat", "fsync", "geteuid", "getrandom", "newfstatat", "openat", "read",
    "renameat2", "unlinkat", "utimensat", "write",
  ]

  func testJ2_Q12_anUnknownNameTakesTheSameSystemCallsAsAKnownOne() async throws {
    let house = try await TestHouse(folder: "\(folder)/data")
    for name in ["alice", "bob"] { try house.addUser(name) }
    try house.documents.update(User.self, "bob") { $0?.isDisabled = true }
    for throttled in [true, false] {
      let worker = try WorkerProcess(
        data: "\(folder)/data", in: folder,
        // The C library counts the cores once, when there are several threads (mallopt(3)): now.
        settings: ["POSTERN_THROTTLE_ENABLED=\(throttled)", "MALLOC_ARENA_TEST=1"])
      let names = ["alice", "bob", "nobody", "no body"]
      // Folders, locks and counts are there before.
      for name in names { _ = try calls(name, worker) }
      let known = try calls("alice", worker)
      XCTAssertGreaterThan(known["openat"] ?? 0, 1)
      for name in names { XCTAssertEqual(try calls(name, worker), known, name) }
      worker.kill()
    }
  }
}
