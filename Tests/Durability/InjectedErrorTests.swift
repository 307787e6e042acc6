import Foundation
import TestSupport
import XCTest

/// Lets each system call of an operation fail in turn, each in every way that it may, in a worker
/// that goes on afterwards.
final class InjectedErrorTests: TemporaryFolderTestCase {
  private static let errors = ["ENOSPC", "EIO", "EMFILE", "EROFS", "EDQUOT", "EINTR"]
  /// Where the path to and from the disk may fail. Those of the connection are others' matter.
  static let calls: Set<String> = [
    "openat", "fstat", "newfstatat", "read", "write", "fdatasync", "renameat2", "fsync", "flock",
    "close", "mkdirat", "unlinkat", "ftruncate", "utimensat",
  ]

  func testF6_F7_F8_F9_rotationAnswersEachErrorSafely() async throws {
    try await check(.rotation)
  }

  func testF6_F7_F8_F9_signInAnswersEachErrorSafely() async throws {
    try await check(.signIn)
  }

  func testF6_F7_F8_F9_otherChangesAnswerEachErrorSafely() async throws {
    try XCTSkipUnless(isLong, "POSTERN_TEST_LONG is not set")
    for operation in Operation.all.dropFirst(2) { try await check(operation) }
  }

  private func check(_ operation: Operation) async throws {
    let scene = try await Scene(in: "\(folder)/\(UUID().uuidString.prefix(8))")
    let worker = try scene.worker()
    let recorder = try Tracer(worker.process, [], in: scene.folder)
    XCTAssertNotNil(worker.call(operation.call(scene)))
    let names = recorder.counts().keys.filter(Self.calls.contains).sorted()
    XCTAssertTrue(names.contains("fsync"), "nothing was recorded: \(names)")

    var tried = 0
    var violations: [String] = []
    for name in names {
      points: for count in 1...500 {
        // The short run gives each call one or two of the errors, in turn.
        let all = Self.errors
        let some = [all[count % 6], all[(count + 3) % 6]]
        let errors =
          isLong ? all : operation.name == Operation.rotation.name ? some : [some[0]]
        for error in errors {
          guard
            let broken = try broken(
              operation, scene, worker, call: name, count: count, error: error)
          else { break points }
          tried += 1
          violations += broken.map { "\(error) at \(name) \(count): \($0)" }
        }
      }
    }
    XCTAssertEqual(violations, [])
    XCTAssertFalse(worker.hasEnded(waiting: 0), "the worker died")
    Tally.shared.add(
      "injected errors", operation.name, tried: tried, violations: violations.count)
  }

  /// One run with one error: the rules that it broke, or `nil` where there is no such call.
  private func broken(
    _ operation: Operation, _ scene: Scene, _ worker: WorkerProcess, call: String, count: Int,
    error: String
  ) throws -> [String]? {
    try scene.reset()
    let tracer = try Tracer(
      worker.process,
      ["-y", "-e", "trace=\(call)", "-e", "inject=\(call):error=\(error):when=\(count)"],
      in: scene.folder)
    let answer = worker.call(operation.call(scene))
    let lines = tracer.lines()
    guard let line = lines.first(where: { $0.contains("(INJECTED)") }) else { return nil }

    var after = Aftermath(
      scene: scene, answer: answer?.status == 503 ? nil : answer, worker: worker)
    after.expect(
      answer != nil || line.contains("<socket:") || line.contains("<UNIX"), "no answer: \(line)")
    if let answer, answer.status == 503 {
      after.expect(answer.headers["retry-after"] != nil, "503 without Retry-After")
      after.expect(error != "EINTR" || call.hasSuffix("sync"), "EINTR was not retried: \(line)")
    }
    if call != "unlinkat" {
      after.expect((try? scene.leftovers()) == [], "a temporary file was left behind: \(line)")
    }
    if call == "fdatasync",
      let file = line.components(separatedBy: "fdatasync(").last?.split(separator: ")").first
    {
      let syncs = lines.filter { $0.contains("fdatasync(\(file))") }
      after.expect(syncs.count == 1, "a failed sync was tried again")
    }
    operation.check(&after)
    after.checkOthers()
    return after.violations
  }
}
