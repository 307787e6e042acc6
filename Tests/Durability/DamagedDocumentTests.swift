import Foundation
import Glibc
import TestSupport
import XCTest

/// Puts bad documents in the place of a user's, under a worker that goes on.
final class DamagedDocumentTests: TemporaryFolderTestCase {
  func testF13_cutDocumentShutsOutItsUserAlone() async throws {
    try await check("cut short", of: ["tokens", "users"]) { bytes in
      stride(from: 0, to: bytes.count, by: isLong ? 1 : 23).map { Array(bytes.prefix($0)) }
    }
  }

  func testF13_documentWithAFlippedBitShutsOutItsUserAlone() async throws {
    try await check("flipped bit", of: ["tokens", "users"]) { bytes in
      stride(from: 0, to: bytes.count, by: isLong ? 1 : 23).map { index in
        var bytes = bytes
        bytes[index] ^= 1 << UInt8(index % 8)
        return bytes
      }
    }
  }

  func testF13_F32_foreignDocumentShutsOutItsUserAlone() async throws {
    try await check("foreign content", of: ["tokens", "users"]) { bytes in
      let text = String(decoding: bytes, as: UTF8.self)
      return [
        [], Array("null\n".utf8), Array("{}\n".utf8), Array("[]".utf8), [0xEF, 0xBB, 0xBF] + bytes,
        bytes + bytes, bytes + [0], [UInt8](repeating: 0, count: bytes.count),
        [UInt8](repeating: 0, count: 4 << 20),
        Array(text.replacing(#""version":1"#, with: #""version":2"#).utf8),
        Array(text.replacing(#""key":""#, with: #""key":"x"#).utf8),
      ]
    }
  }

  func testF14_somethingElseThanAFileShutsOutItsUserAlone() async throws {
    let scene = try await Scene(in: "\(folder)/scene")
    let worker = try scene.worker()
    let original = try scene.tokensPath(of: scene.current)
    let aside = "\(folder)/aside"
    try FileManager.default.moveItem(atPath: original, toPath: aside)
    let other = try scene.tokensPath(of: scene.bystander)
    let makers: [(String, () -> Int32)] = [
      ("symbolic link", { symlink(aside, original) }),
      ("symbolic link to another's", { symlink(other, original) }),
      ("pipe", { mkfifo(original, 0o600) }),
      ("folder", { mkdir(original, 0o700) }),
      ("second name", { link(aside, original) }),
      ("copy of another's", { copyfile(other, original) }),
    ]
    var violations: [String] = []
    for (name, make) in makers {
      XCTAssertEqual(make(), 0, name)
      violations += broken(scene, worker, "tokens").map { "\(name): \($0)" }
      XCTAssertEqual(Glibc.remove(original), 0, "\(name) is gone")
    }
    try FileManager.default.moveItem(atPath: aside, toPath: original)
    XCTAssertEqual(worker.refresh(scene.current)?.status, 200, "good again once it is put right")
    XCTAssertEqual(violations, [])
    Tally.shared.add(
      "bad documents", "not a file", tried: makers.count, violations: violations.count)
  }

  func testF12_documentThatMayNotBeReadShutsOutItsUserAlone() async throws {
    try XCTSkipUnless(getuid() == 0, "only root can run a worker as somebody else")
    let scene = try await Scene(in: "\(folder)/scene")
    let files = FileManager.default
    for path in [folder, scene.folder] { XCTAssertEqual(chmod(path, 0o711), 0) }
    for path in [""] + (try files.subpathsOfDirectory(atPath: scene.data)) {
      XCTAssertEqual(chown("\(scene.data)/\(path)", nobody, nobody), 0)
    }
    let worker = try scene.worker(
      prefix: ["setpriv", "--reuid=\(nobody)", "--regid=\(nobody)", "--clear-groups"],
      program: try copyOfProgram())
    XCTAssertEqual(worker.refresh(scene.current)?.status, 200)
    let path = try scene.tokensPath(of: scene.current)
    XCTAssertEqual(chown(path, 0, 0), 0)
    XCTAssertEqual(chmod(path, 0), 0)
    let before = files.contents(atPath: path)
    for call in [Call.refresh(scene.second), .login("alice"), .logout(scene.second)] {
      XCTAssertEqual(worker.call(call)?.status, 503, call.path)
    }
    XCTAssertEqual(worker.refresh(scene.bystander)?.status, 200)
    XCTAssertEqual(files.contents(atPath: path), before)
    Tally.shared.add("bad documents", "not readable", tried: 1, violations: 0)
  }

  /// Where others than root can start it, too.
  private func copyOfProgram() throws -> String {
    let path = "\(folder)/postern"
    try FileManager.default.copyItem(atPath: try WorkerProcess.program(), toPath: path)
    XCTAssertEqual(chmod(path, 0o755), 0)
    return path
  }

  private let nobody: uid_t = 65534

  // MARK: - Steps

  private func check(
    _ name: String, of collections: [String], _ variants: ([UInt8]) -> [[UInt8]]
  ) async throws {
    let scene = try await Scene(in: "\(folder)/\(UUID().uuidString.prefix(8))")
    let worker = try scene.worker()
    var tried = 0
    var violations: [String] = []
    for collection in collections {
      let path =
        try collection == "users"
        ? scene.path("users", "alice") : scene.tokensPath(of: scene.current)
      let good = try XCTUnwrap(FileManager.default.contents(atPath: path))
      for bad in variants([UInt8](good)) {
        try Data(bad).write(to: URL(fileURLWithPath: path))
        tried += 1
        violations += broken(scene, worker, collection).map {
          "\(collection), \(bad.count) bytes: \($0)"
        }
        if FileManager.default.contents(atPath: path) != Data(bad) {
          violations.append("\(collection), \(bad.count) bytes: the file was changed")
        }
      }
      try good.write(to: URL(fileURLWithPath: path))
    }
    let log = worker.log
    for secret in ["argon2id", tokenID(scene.current), TestHouse.password] {
      XCTAssertFalse(log.contains(secret), "V7: the log holds what the document held")
    }
    XCTAssertEqual(worker.refresh(scene.current)?.status, 200, "good again once it is put right")
    XCTAssertEqual(violations, [])
    Tally.shared.add("bad documents", name, tried: tried, violations: violations.count)
  }

  /// What every request of the user and of another must come to while a document is bad.
  private func broken(_ scene: Scene, _ worker: WorkerProcess, _ collection: String) -> [String] {
    var violations: [String] = []
    let logged = worker.log.utf8.count
    var calls: [Call] = [.refresh(scene.current), .refresh(scene.stale), .login("alice")]
    if collection == "tokens" { calls.append(.logout(scene.second)) }
    for call in calls {
      let answer = worker.call(call)
      if answer?.status != 503 {
        violations.append("\(call.path) was answered \(answer?.status ?? 0)")
      }
      if answer?.headers["retry-after"] != nil { violations.append("trying again cannot help") }
    }
    let news = String(decoding: worker.log.utf8.dropFirst(logged), as: UTF8.self)
    let file = collection == "users" ? "alice.json" : "\(scene.alice.id).json"
    if !news.contains("\(collection)/") || !news.contains(file) {
      violations.append("the log does not name the file")
    }
    if worker.refresh(scene.bystander)?.status != 200 { violations.append("V5: another user") }
    return violations
  }
}

private func copyfile(_ source: String, _ target: String) -> Int32 {
  guard let bytes = FileManager.default.contents(atPath: source) else { return -1 }
  return FileManager.default.createFile(atPath: target, contents: bytes) ? 0 : -1
}
