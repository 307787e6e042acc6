import Foundation
import TestSupport
import XCTest

/// The kernel gives no random bytes.
final class RandomSourceTests: TemporaryFolderTestCase {
  func testJ16_withoutRandomBytesNoSessionBeginsAndNoTokenRotates() async throws {
    for ask in [{ worker, _ in worker.login("alice") }, { $0.refresh($1.current) }]
      as [(WorkerProcess, Scene) -> FastCGIReply?]
    {
      let scene = try await Scene(in: "\(folder)/\(UUID().uuidString)")
      let worker = try scene.worker()
      let before = try scene.sessions()
      let tracer = try Tracer(
        worker.process, ["-e", "trace=getrandom", "-e", "inject=getrandom:error=EIO"],
        in: scene.folder)
      XCTAssertNil(ask(worker, scene), "an answer without random bytes")
      XCTAssertTrue(worker.hasEnded(waiting: 5_000))
      tracer.stop()
      XCTAssertEqual(try scene.sessions(), before)
    }
  }
}
