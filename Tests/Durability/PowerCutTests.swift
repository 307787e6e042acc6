import DocumentStore
import Foundation
import Sessions
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
      .password(TestHouse.password, "another horse", bearer: $0.access)
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

  func testF2_F9_replayOfARotationOfUnknownOutcomeIsThereAfterAPowerCut() async throws {
    try await check("replay after an error", troubled: "error=EIO") { .refresh($0.current) }
  }

  /// The one who removed a document died before that was durable; then somebody relies on it.
  func testF1_F2_documentThatADeadWriterRemovedIsGoneAfterAPowerCut() throws {
    let data = "\(folder)/data"
    let store = try FileDocumentStore(path: data)
    try store.update(FailedAttempts.self, "a") { $0 = FailedAttempts(count: 1, last: Date()) }
    let start = try state(of: data)
    var reader = try CallReader(process: getpid(), data: data)
    func record(_ body: () throws -> Void) throws -> [RecordedCall] {
      let tracer = try Tracer(getpid(), CallReader.options, in: folder)
      try body()
      return reader.calls(tracer.lines())
    }
    let removal = try record { try store.update(FailedAttempts.self, "a") { $0 = nil } }
    let unsynced = removal.filter { if case .syncFolder = $0 { false } else { true } }
    XCTAssertLessThan(unsynced.count, removal.count)
    let reliance = try record { try store.update(FailedAttempts.self, "a") { _ in } }
    let verdict = try judge(PowerCut(start: start, calls: unsynced + reliance + [.answer]))
    XCTAssertEqual(verdict.violations, [])
    XCTAssertEqual(verdict.states, 2)
  }

  func testF4_O1_missingSyncOfTheBytesIsSeen() async throws {
    let cut = try await record { .refresh($0.current) }
    let faulty = cut.calls.filter { if case .syncFile = $0 { false } else { true } }
    XCTAssertLessThan(faulty.count, cut.calls.count)
    XCTAssertFalse(
      try judge(PowerCut(start: cut.start, calls: faulty)).violations.isEmpty)
  }

  func testF5_O1_missingSyncOfTheFolderIsSeen() async throws {
    let cut = try await record { .refresh($0.current) }
    let faulty = cut.calls.filter { if case .syncFolder = $0 { false } else { true } }
    XCTAssertLessThan(faulty.count, cut.calls.count)
    XCTAssertFalse(
      try judge(PowerCut(start: cut.start, calls: faulty)).violations.isEmpty)
  }

  func testO2_writeInPlaceIsSeen() async throws {
    let cut = try await record { .refresh($0.current) }
    var target: (folder: String, name: String)?
    for case .rename(_, let name, let folder) in cut.calls { target = (folder, name) }
    let document = try XCTUnwrap(target)
    // The same bytes, written and synced in the document itself.
    let faulty: [RecordedCall] = cut.calls.compactMap { call in
      switch call {
      case .createFile(let file, let name, let folder) where name.hasPrefix(".new-"):
        .createFile(file: file, name: document.name, folder: folder)
      case .rename: nil
      default: call
      }
    }
    var start = cut.start
    start[joined(document.folder, document.name)] = nil
    let violations = try judge(PowerCut(start: start, calls: faulty)).violations
    XCTAssertTrue(violations.contains { $0.hasPrefix("the store finds") })
  }

  // MARK: - Steps

  private func check(
    _ name: String, emptied: String? = nil, settings: [String] = [], troubled: String? = nil,
    _ call: (Scene) -> Call
  ) async throws {
    let cut = try await record(emptied: emptied, settings: settings, troubled: troubled, call)
    XCTAssertTrue(cut.calls.contains(.answer), "the recorded run has no answer")
    let verdict = try judge(cut)
    XCTAssertEqual(Array(verdict.violations.prefix(5)), [])
    XCTAssertGreaterThan(verdict.states, 20)
    Tally.shared.add(
      "power cuts", name, tried: verdict.states, violations: verdict.violations.count)
  }

  /// - Parameters:
  ///   - emptied: a collection to begin without.
  ///   - troubled: what befalls the first sync of a folder, as strace injects it. Then the same is
  ///     asked again.
  private func record(
    emptied: String? = nil, settings: [String] = [], troubled: String? = nil,
    _ call: (Scene) -> Call
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
    XCTAssertEqual(worker.call(call(scene)).map { $0.status / 100 }, 2)
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

  /// Each document must be, to the byte, one that it was at some time and no older than what was
  /// answered; and the store must take it for whole. A hundred violations end it.
  private func judge(_ cut: PowerCut) throws -> (states: Int, violations: [String]) {
    let enough = 100
    var tried: Set<PowerCut.State> = []
    var violations: [String] = []
    // The last cut first: it allows the least.
    cuts: for count in (0...cut.calls.count).reversed() {
      let allowed = versions(cut, after: count)
      for state in cut.states(after: count) {
        tried.insert(state)
        for (path, versions) in allowed {
          let seen = state[path] ?? nil
          if !versions.contains(seen) {
            violations.append("cut after call \(count): \(path) is \(seen?.count ?? -1) bytes")
          }
        }
        if violations.count >= enough { break cuts }
      }
    }
    let data = "\(folder)/cut-\(UUID().uuidString.prefix(8))"
    var shown: PowerCut.State = [:]
    var refused: [String] = []
    for state in tried where refused.count < enough {
      try show(state, insteadOf: shown, in: data)
      shown = state
      refused += try faults(in: data)
    }
    return (tried.count, violations + refused)
  }

  /// The contents that each document may have after so many calls; `nil` is no document.
  private func versions(_ cut: PowerCut, after count: Int) -> [String: Set<[UInt8]?>] {
    var files: [Int: [UInt8]] = [:]
    var names: [String: Int] = [:]
    var versions: [String: [[UInt8]?]] = [:]
    for (path, bytes) in cut.start where path.hasSuffix(".json") { versions[path] = [bytes] }
    let answered = cut.calls.firstIndex(of: .answer).map { $0 < count } ?? false
    for (index, call) in cut.calls.enumerated() {
      var changed: (path: String, bytes: [UInt8]?)?
      switch call {
      case .createFile(let file, let name, let folder):
        names[joined(folder, name)] = file
        if name.hasSuffix(".json") { changed = (joined(folder, name), nil) }
      case .write(let file, let bytes): files[file, default: []] += bytes
      case .rename(let from, let to, let folder):
        changed = (joined(folder, to), names[joined(folder, from)].flatMap { files[$0] })
      case .remove(let name, let folder) where name.hasSuffix(".json"):
        changed = (joined(folder, name), nil)
      default: break
      }
      guard let changed else { continue }
      if index < count { versions[changed.path, default: [nil]].append(changed.bytes) }
    }
    return versions.mapValues { answered ? [$0.last ?? nil] : Set($0) }
  }

  /// Makes the files those of `state`; untouched are those that it shares with the one before.
  private func show(
    _ state: PowerCut.State, insteadOf last: PowerCut.State, in data: String
  ) throws {
    let files = FileManager.default
    try files.createDirectory(
      atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    for path in last.keys.sorted(by: >) where state[path] == nil {
      try files.removeItem(atPath: "\(data)/\(path)")
    }
    for path in state.keys.sorted() where last[path] != state[path] {
      if let bytes = state[path] ?? nil {
        _ = files.createFile(atPath: "\(data)/\(path)", contents: Data(bytes))
      } else {
        try files.createDirectory(atPath: "\(data)/\(path)", withIntermediateDirectories: true)
      }
    }
  }

  /// What the real store says of the files.
  private func faults(in data: String) throws -> [String] {
    let store = try FileDocumentStore(path: data)
    func faults<D: Document>(_ type: D.Type) -> [String] {
      do {
        for key in try store.keys(of: type) { _ = try store.read(type, key) }
        return []
      } catch {
        return ["the store finds \(error)"]
      }
    }
    return faults(UserSessions.self) + faults(User.self) + faults(FailedAttempts.self)
  }
}
