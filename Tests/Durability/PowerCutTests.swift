import FileDocumentStore
import Foundation
import TestSupport
import XCTest

@testable import Accounts

/// Records what a real worker does to its files, builds every state that they may be in after a
/// power cut at each point of it, and opens each with the real store.
final class PowerCutTests: TemporaryFolderTestCase {
  func testF2_F3_rotationIsOldOrNewAfterAPowerCutAnywhere() async throws {
    try await check("rotation") { .refresh($0.current) }
  }

  func testF2_F3_signInIsOldOrNewAfterAPowerCutAnywhere() async throws {
    try await check("sign-in") { _ in .login("alice") }
  }

  func testF2_F3_firstDocumentOfTheStoreIsThereOrNotAfterAPowerCutAnywhere() async throws {
    try await check("first sign-in of all", emptied: "tokens") { _ in .login("carol") }
  }

  func testF2_F3_removedDocumentIsThereOrNotAfterAPowerCutAnywhere() async throws {
    try await check("sign-in with throttle", settings: ["POSTERN_THROTTLE_ENABLED=true"]) { _ in
      .login("alice")
    }
  }

  func testF2_F3_endedSessionIsOldOrNewAfterAPowerCutAnywhere() async throws {
    try await check("logout") { .logout($0.current) }
  }

  func testF2_F3_changedPasswordIsOldOrNewAfterAPowerCutAnywhere() async throws {
    try await check("password change") {
      .password(TestHouse.password, Operation.newPassword, bearer: $0.access)
    }
  }

  /// The one who made the folders died before they were durable.
  func testF1_F2_firstDocumentInFoldersOfADeadWorkerIsThereAfterAPowerCut() async throws {
    try await check("sign-in after a killed one", emptied: "tokens", troubled: "signal=SIGKILL") {
      _ in .login("carol")
    }
  }

  /// The one who rotated died before that was durable; the same token is presented again.
  func testF1_F2_replayOfADeadWorkersRotationIsThereAfterAPowerCut() async throws {
    try await check("replay after a kill", troubled: "signal=SIGKILL") { .refresh($0.current) }
  }

  /// The one who rotated died before that was durable: on the disk, the file that is spare by now is
  /// still the document. Then somebody writes.
  func testF1_F2_documentIsOldOrNewAfterAPowerCutDuringTheNextCommitOfADeadWorkers() async throws {
    try await check(
      "sign-in after a killed rotation", troubled: "signal=SIGKILL", then: { _ in .login("alice") }
    ) { .refresh($0.current) }
  }

  func testF2_F9_documentIsOldOrNewAfterAPowerCutDuringTheCommitAfterAnUnknownOutcome() async throws
  {
    try await check(
      "sign-in after a failed one", troubled: "error=EIO", then: { _ in .login("alice") }
    ) { .refresh($0.current) }
  }

  func testF2_F9_replayOfARotationOfUnknownOutcomeIsThereAfterAPowerCut() async throws {
    try await check("replay after an error", troubled: "error=EIO") { .refresh($0.current) }
  }

  /// The one who removed a document died before that was durable; then somebody relies on it.
  func testF1_F2_documentThatADeadWriterRemovedIsGoneAfterAPowerCut() throws {
    let data = "\(folder)/data"
    let store = try FileDocumentStore(path: data)
    try store.update(StrangersFailures.self, "a") { $0 = StrangersFailures() }
    let start = try state(of: data)
    var reader = try CallReader(process: getpid(), data: data)
    func record(_ body: () throws -> Void) throws -> [RecordedCall] {
      let tracer = try Tracer(getpid(), CallReader.options, in: folder)
      try body()
      return reader.calls(tracer.lines())
    }
    let removal = try record { try store.update(StrangersFailures.self, "a") { $0 = nil } }
    let unsynced = removal.filter { if case .syncFolder = $0 { false } else { true } }
    XCTAssertLessThan(unsynced.count, removal.count)
    let reliance = try record { try store.update(StrangersFailures.self, "a") { _ in } }
    let verdict = try verdict(start, unsynced + reliance + [.answer])
    XCTAssertEqual(verdict.violations, [])
    XCTAssertEqual(verdict.states, 2)
  }

  func testF4_O1_missingSyncOfTheBytesIsSeen() async throws {
    let cut = try await record { .refresh($0.current) }
    let faulty = cut.calls.filter { if case .syncFile = $0 { false } else { true } }
    XCTAssertLessThan(faulty.count, cut.calls.count)
    XCTAssertFalse(try verdict(cut.start, faulty).violations.isEmpty)
  }

  func testF5_O1_missingSyncOfTheFolderIsSeen() async throws {
    let cut = try await record { .refresh($0.current) }
    let faulty = cut.calls.filter { if case .syncFolder = $0 { false } else { true } }
    XCTAssertLessThan(faulty.count, cut.calls.count)
    XCTAssertFalse(try verdict(cut.start, faulty).violations.isEmpty)
  }

  func testO2_writeInPlaceIsSeen() async throws {
    let cut = try await record { .refresh($0.current) }
    var target: (folder: String, name: String)?
    for case .exchange(_, let name, let folder) in cut.calls { target = (folder, name) }
    let document = try XCTUnwrap(target)
    // The same bytes, written and synced in the document itself.
    let faulty: [RecordedCall] = cut.calls.compactMap { call in
      switch call {
      case .createFile(let file, let name, let folder) where name.hasPrefix(".spare-"):
        .createFile(file: file, name: document.name, folder: folder)
      case .exchange: nil
      default: call
      }
    }
    var start = cut.start
    start[joined(document.folder, document.name)] = nil
    let violations = try verdict(start, faulty).violations
    XCTAssertTrue(violations.contains { $0.hasPrefix("the store finds") })
  }

  // MARK: - Steps

  private func verdict(
    _ start: PowerCut.State, _ calls: [RecordedCall]
  ) throws -> PowerCutVerdict {
    try PowerCutVerdict(on: PowerCut(start: start, calls: calls), in: folder)
  }

  private func check(
    _ name: String, emptied: String? = nil, settings: [String] = [], troubled: String? = nil,
    then next: ((Scene) -> Call)? = nil, _ call: (Scene) -> Call
  ) async throws {
    let cut = try await record(
      emptied: emptied, settings: settings, troubled: troubled, then: next, call)
    if next != nil {
      let changes = cut.calls.prefix { if case .syncFolder = $0 { false } else { true } }
      XCTAssertTrue(
        changes.contains { if case .exchange = $0 { true } else { false } },
        "was durable before the trouble came: \(changes)")
    }
    XCTAssertTrue(cut.calls.contains(.answer), "the recorded run has no answer")
    let verdict = try PowerCutVerdict(on: cut, in: folder)
    XCTAssertEqual(Array(verdict.violations.prefix(5)), [])
    XCTAssertGreaterThan(verdict.states, 20)
    Tally.shared.add(
      "power cuts", name, tried: verdict.states, violations: verdict.violations.count)
  }

  /// - Parameters:
  ///   - emptied: a collection to begin without.
  ///   - troubled: what befalls the first sync of a folder, as strace injects it.
  ///   - next: what is asked then, if not the same again.
  private func record(
    emptied: String? = nil, settings: [String] = [], troubled: String? = nil,
    then next: ((Scene) -> Call)? = nil, _ call: (Scene) -> Call
  ) async throws -> PowerCut {
    let scene = try await Scene(in: "\(folder)/scene")
    var worker = try scene.worker(settings: settings)
    if let emptied { try FileManager.default.removeItem(atPath: "\(scene.data)/\(emptied)") }
    let start = try state(of: scene.data)
    var reader = try CallReader(process: worker.process, data: scene.data)
    var calls: [RecordedCall] = []
    if let troubled {
      let injection = ["-e", "inject=fsync:\(troubled):when=1"]
      let tracer = try Tracer(worker.process, CallReader.options + injection, in: scene.folder)
      let answer = worker.call(call(scene))
      XCTAssertTrue(answer == nil || answer?.status == 503, "nothing befell it")
      calls = reader.calls(tracer.lines())
      if worker.hasEnded() { worker = try scene.worker(settings: settings) }
      try reader.follow(worker.process, data: scene.data)
    }
    let tracer = try Tracer(worker.process, CallReader.options, in: scene.folder)
    XCTAssertEqual(worker.call(next?(scene) ?? call(scene)).map { $0.status / 100 }, 2)
    // The answer comes before strace has written it down.
    for _ in 0..<200 {
      var ahead = reader
      if ahead.calls(tracer.linesSoFar()).contains(.answer) { break }
      usleep(5_000)
    }
    calls += reader.calls(tracer.lines())
    return PowerCut(start: start, calls: calls)
  }

  private func state(of data: String) throws -> PowerCut.State {
    let files = FileManager.default
    return try files.subpathsOfDirectory(atPath: data).reduce(into: [:]) { state, path in
      var isFolder: ObjCBool = false
      _ = files.fileExists(atPath: "\(data)/\(path)", isDirectory: &isFolder)
      state[path] = .some(
        isFolder.boolValue ? nil : [UInt8](files.contents(atPath: "\(data)/\(path)") ?? Data()))
    }
  }
}
