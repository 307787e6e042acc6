import Foundation
import Glibc
import SystemCalls
import TestSupport
import XCTest

/// Trouble that lasts a while, and the worker that goes on when it is over, without a restart.
final class DiskTroubleTests: TemporaryFolderTestCase {
  func testF7_writeThatLiesAboutItsLengthIsFoundOut() async throws {
    let scene = try await Scene(in: "\(folder)/scene")
    let worker = try scene.worker()
    try during(worker, ["-e", "trace=write", "-e", "inject=write:retval=1:when=1"], scene) {
      _ = worker.refresh(scene.current)
    }
    XCTAssertEqual(worker.refresh(scene.current)?.status, 503)
    XCTAssertEqual(worker.refresh(scene.second)?.status, 503)
    XCTAssertEqual(worker.refresh(scene.bystander)?.status, 200)
  }

  func testF9_afterAnUnknownOutcomeBothTokensLeadOn() async throws {
    let scene = try await Scene(in: "\(folder)/scene")
    let worker = try scene.worker()
    var answer: FastCGIReply?
    try during(worker, ["-e", "trace=fsync", "-e", "inject=fsync:error=EIO:when=1"], scene) {
      answer = worker.refresh(scene.current)
    }
    XCTAssertEqual(answer?.status, 503)
    let successor = try XCTUnwrap(scene.sessions().first).current.id
    XCTAssertNotEqual(successor, tokenID(scene.current), "the new document was renamed into place")
    let again = worker.refresh(scene.current)
    XCTAssertEqual(again.map { tokenID($0.refreshToken) }, successor)
    XCTAssertEqual(worker.refresh(again?.refreshToken ?? "")?.status, 200)
    XCTAssertEqual(try scene.sessions().count, 2)
  }

  func testF6_fileSystemThatCannotExchangeNamesIsServedByRenaming() async throws {
    for error in ["EINVAL", "ENOSYS"] {
      let scene = try await Scene(in: "\(folder)/\(error)")
      let worker = try scene.worker()
      var token = scene.current
      try during(
        worker, ["-e", "trace=renameat2", "-e", "inject=renameat2:error=\(error)"], scene
      ) {
        for _ in 0..<3 {
          let answer = worker.refresh(token)
          XCTAssertEqual(answer?.status, 200, error)
          token = answer?.refreshToken ?? ""
        }
        XCTAssertEqual(worker.login("carol")?.status, 200, "a new document, \(error)")
      }
      XCTAssertEqual(worker.refresh(token)?.status, 200, "and later by exchanging, \(error)")
      XCTAssertEqual(try scene.leftovers(), [])
    }
  }

  func testF10_acceptWithoutDescriptorsNeitherSpinsNorStaysDown() async throws {
    let scene = try await Scene(in: "\(folder)/scene")
    let worker = try scene.worker()
    try limit(worker, "--nofile=3:")
    let tracer = try Tracer(worker.process, ["-e", "trace=accept4"], in: scene.folder)
    let answered = DispatchSemaphore(value: 0)
    let waiting = Waiting(worker: worker, token: scene.current, done: answered)
    Thread.detachNewThread { waiting.run() }
    sleep(1)
    let tries = tracer.lines().filter { $0.contains("EMFILE") }.count
    XCTAssertGreaterThan(tries, 0, "accept did not fail")
    XCTAssertLessThan(tries, 200, "accept spins")
    try limit(worker, "--nofile=1024:")
    answered.wait()
    XCTAssertEqual(waiting.status, 200, "the one that waited is answered")
    XCTAssertEqual(worker.refresh(scene.bystander)?.status, 200)
  }

  func testJ16_idsStayRandomWithoutDescriptors() async throws {
    let scene = try await Scene(in: "\(folder)/scene")
    let worker = try scene.worker()
    let tracer = try Tracer(
      worker.process, ["-P", "/dev/urandom", "-e", "inject=openat:error=EMFILE"],
      in: scene.folder)
    var ids: Set<String> = []
    var token = scene.current
    for _ in 0..<3 {
      let answer = worker.refresh(token)
      token = answer?.refreshToken ?? ""
      ids.formUnion([tokenID(token), tokenID(answer?.accessToken ?? "")])
    }
    tracer.stop()
    XCTAssertEqual(ids.count, 6, "ids repeat: \(ids)")
  }

  func testF29_requestsAreAnsweredThoughTheLogIsFull() async throws {
    let scene = try await Scene(in: "\(folder)/scene")
    let worker = try scene.worker(log: "/dev/full")
    XCTAssertEqual(worker.login("alice")?.status, 200)
    XCTAssertEqual(worker.refresh(scene.stale)?.status, 403)
    XCTAssertEqual(worker.refresh(scene.second)?.status, 200)
  }

  func testF30_slowSyncHoldsUpNoOtherFolder() async throws {
    var scene = try await Scene(in: "\(folder)/scene")
    // Alice's documents and Bob's must not share a folder by chance.
    while split(try scene.tokensPath(of: scene.current)).folder
      == split(try scene.tokensPath(of: scene.bystander)).folder
    {
      scene = try await Scene(in: "\(folder)/\(UUID().uuidString)")
    }
    let worker = try scene.worker()
    let slow = "/" + split(try scene.tokensPath(of: scene.current)).folder
    let answered = DispatchSemaphore(value: 0)
    let waiting = Waiting(worker: worker, token: scene.current, done: answered)
    try during(
      worker, ["-P", slow, "-e", "inject=fsync:delay_enter=4000000"], scene
    ) {
      Thread.detachNewThread { waiting.run() }
      while (try? scene.sessions().first?.current.id) == tokenID(scene.current) { usleep(1_000) }
      XCTAssertEqual(worker.refresh(scene.bystander)?.status, 200)
      XCTAssertEqual(waiting.status, 0, "the other folder was waited for")
      let busy = worker.refresh(scene.second)
      XCTAssertEqual(busy?.status, 503)
      XCTAssertNotNil(busy?.headers["retry-after"])
      answered.wait()
    }
    XCTAssertEqual(waiting.status, 200)
    XCTAssertEqual(worker.refresh(scene.second)?.status, 200)
  }

  func testF33_fileSizeLimitIsNoMoreThanAnError() async throws {
    let scene = try await Scene(in: "\(folder)/scene")
    let worker = try scene.worker()
    try limit(worker, "--fsize=100:")
    let document = try scene.tokensPath(of: scene.current)
    let before = FileManager.default.contents(atPath: document)
    let answer = worker.refresh(scene.current)
    XCTAssertEqual(answer?.status, 503)
    XCTAssertNotNil(answer?.headers["retry-after"])
    XCTAssertEqual(FileManager.default.contents(atPath: document), before)
    XCTAssertEqual(try scene.leftovers(), [])
    try limit(worker, "--fsize=unlimited:")
    XCTAssertEqual(worker.refresh(scene.current)?.status, 200)
  }

  // MARK: - Steps

  private func during(
    _ worker: WorkerProcess, _ options: [String], _ scene: Scene, _ body: () throws -> Void
  ) throws {
    let tracer = try Tracer(worker.process, options, in: scene.folder)
    try body()
    let lines = tracer.lines()
    XCTAssertTrue(
      lines.contains { $0.contains("INJECTED") || $0.contains("DELAYED") },
      "nothing was injected: \(lines)")
  }

  /// prlimit(1) of a running worker.
  private func limit(_ worker: WorkerProcess, _ resource: String) throws {
    let process = try System.spawn(
      "/usr/bin/env", arguments: ["prlimit", "--pid", String(worker.process), resource])
    var status: Int32 = 0
    waitpid(process, &status, 0)
    XCTAssertEqual(status, 0, "prlimit failed")
  }
}

/// A refresh that another thread waits for.
private final class Waiting: @unchecked Sendable {
  private let worker: WorkerProcess
  private let token: String
  private let done: DispatchSemaphore
  private let lock = NSLock()
  private var answered = 0

  init(worker: WorkerProcess, token: String, done: DispatchSemaphore) {
    (self.worker, self.token, self.done) = (worker, token, done)
  }

  func run() {
    let status = worker.refresh(token)?.status ?? -1
    lock.withLock { answered = status }
    done.signal()
  }

  /// 0 while there is no answer.
  var status: Int { lock.withLock { answered } }
}
