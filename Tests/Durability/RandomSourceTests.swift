import TestSupport
import XCTest

/// The kernel's call for random bytes fails.
final class RandomSourceTests: TemporaryFolderTestCase {
  /// What makes ids reads `/dev/urandom`. Where that fails too, see `ForkedProcessTests`.
  func testJ16_withoutGetrandomidsAreRandomStillAndNoHashIsMade() async throws {
    let scene = try await Scene(in: "\(folder)/scene")
    let worker = try scene.worker()
    let tracer = try Tracer(
      worker.process,
      ["-e", "trace=getrandom,openat", "-e", "inject=getrandom:error=EIO"], in: scene.folder)
    var ids: Set<String> = []
    var token = scene.current
    for _ in 0..<3 {
      let answer = worker.refresh(token)
      token = answer?.refreshToken ?? ""
      ids.formUnion([tokenID(token), tokenID(answer?.accessToken ?? "")])
    }
    // libsodium asks nobody else for the salt of a new hash.
    XCTAssertNil(worker.login("alice"))
    XCTAssertTrue(worker.hasEnded(waiting: 5_000))
    let lines = tracer.lines()
    XCTAssertTrue(lines.contains { $0.contains("(INJECTED)") }, "nothing has failed")
    XCTAssertTrue(lines.contains { $0.contains("/dev/urandom") })
    XCTAssertEqual(ids.filter { !$0.isEmpty }.count, 6, "ids repeat: \(ids)")
  }
}
