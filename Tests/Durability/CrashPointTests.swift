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
    // Once before, and then all as it is for every later worker: it is a fresh one that has been
    // asked what became of the turn of the one before it, and so has read some files by now.
    let answer = worker.call(operation.call(scene))
    XCTAssertNotNil(answer)
    worker = try scene.worker()
    var before = Aftermath(scene: scene, answer: answer, worker: worker)
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
      let isOfFiles = InjectedErrorTests.calls.contains(name)
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
          guard isOfFiles else { break }
          // strace counts for each thread: in all of them there must be no call that no run was
          // killed at.
          let made = tracer.counts()[name] ?? 0
          XCTAssertLessThan(made, count, "\(name) was hit \(count - 1) of \(made)")
          // A run that finds a document in memory makes fewer than one that has to read it.
          if count > times { break }
        }
      }
    }
    XCTAssertEqual(violations, [])
    XCTAssertGreaterThan(points, 20)
    Tally.shared.add(
      "crash points", operation.name, tried: points, violations: violations.count)
  }
}
