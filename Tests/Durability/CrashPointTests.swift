import TestSupport
import XCTest

/// Kills the worker right before each system call of an operation in turn, until a run passes
/// whole, and asks a fresh worker what became of it.
final class CrashPointTests: TemporaryFolderTestCase {
  func testF1_rotationSurvivesDeathAtEachSystemCall() async throws {
    try await check(.rotation)
  }

  func testF1_signInSurvivesDeathAtEachSystemCall() async throws {
    try await check(.signIn)
  }

  func testF1_P13_theUseOfALinkSurvivesDeathAtEachSystemCall() async throws {
    try await check(.linkUse)
  }

  func testF1_otherChangesSurviveDeathAtEachSystemCall() async throws {
    try XCTSkipUnless(isLong, "POSTERN_TEST_LONG is not set")
    for operation in Operation.all.dropFirst(2) { try await check(operation) }
  }

  private func check(_ operation: Operation) async throws {
    let scene = try await Scene(in: "\(folder)/\(UUID().uuidString.prefix(8))")
    var worker = try scene.worker()
    // Once before, as every later worker is asked before its turn: the first time reads more files,
    // and the questions after each turn leave others in memory.
    var before = Aftermath(scene: scene, answer: worker.call(operation.call(scene)), worker: worker)
    operation.check(&before)
    before.checkOthers()
    XCTAssertEqual(before.violations, [])
    try scene.reset()
    let recorder = try Tracer(worker.process, [], in: scene.folder)
    XCTAssertNotNil(worker.call(operation.call(scene)))
    let recorded = recorder.counts()
    XCTAssertGreaterThan(recorded["openat"] ?? 0, 3, "nothing was recorded: \(recorded)")

    var points = 0
    var violations: [String] = []
    for (name, times) in recorded.sorted(by: { $0.key < $1.key }) {
      for count in 1...500 {
        try scene.reset()
        let tracer = try Tracer(
          worker.process,
          ["-e", "trace=\(name)", "-e", "inject=\(name):signal=SIGKILL:when=\(count)"],
          in: scene.folder)
        let answer = worker.call(operation.call(scene))
        let died = worker.hasEnded()
        tracer.stop()
        if died {
          points += 1
          worker = try scene.worker()
        }
        var after = Aftermath(scene: scene, answer: answer, worker: worker)
        operation.check(&after)
        after.checkOthers()
        violations += after.violations.map { "killed at \(name) \(count): \($0)" }
        if !died {
          XCTAssertNotNil(answer, "no answer though nothing befell it")
          // Calls for memory and for other threads are not the same number each time.
          let isOfFiles = InjectedErrorTests.calls.contains(name)
          XCTAssertTrue(!isOfFiles || count > times, "\(name) was hit \(count - 1) of \(times)")
          break
        }
      }
    }
    XCTAssertEqual(violations, [])
    XCTAssertGreaterThan(points, 20)
    Tally.shared.add(
      "crash points", operation.name, tried: points, violations: violations.count)
  }
}
