import Accounts
import FileDocumentStore
import Foundation
import Sessions
import TestSupport
import XCTest

/// A data folder in which much has happened already, and the tokens that clients hold of it.
struct Scene {
  /// The folder of all that belongs to one test.
  let folder: String
  /// The data folder of the worker.
  var data: String { "\(folder)/data" }
  private var base: String { "\(folder)/base" }

  /// The user whom the faults befall.
  let alice: User
  /// Alice's first session: replaced two hours ago (beyond the grace), a minute ago, current.
  private(set) var stale = "", replaced = "", current = ""
  /// An access token of that session.
  private(set) var access = ""
  /// The current token and the id of Alice's second session.
  private(set) var second = "", secondID = ""
  /// The token of a link by which Alice may choose a password.
  private(set) var link = ""
  /// The current token of Bob, whom nothing befalls.
  private(set) var bystander = ""

  init(in folder: String) async throws {
    self.folder = folder
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    let house = try await TestHouse(
      folder: "\(folder)/base", policy: SessionPolicy(grace: 3600))
    alice = try house.addUser("alice")
    try house.addUser("bob")
    try house.addUser("carol")
    let now = Date()
    stale = await house.login("alice", at: now - 7200).refreshToken
    replaced = await house.refresh(stale, at: now - 7190).refreshToken
    let first = await house.refresh(replaced, at: now - 60)
    (current, access) = (first.refreshToken, first.accessToken)
    second = await house.login("alice", at: now - 60).refreshToken
    secondID = try XCTUnwrap(
      house.sessions.sessions(ofUser: alice.id, at: now).last
    ).id
    link = try PasswordLinks(documents: house.documents).make(
      for: XCTUnwrap(Username("alice")), at: now - 60)
    bystander = await house.login("bob", at: now - 60).refreshToken
    try FileManager.default.createDirectory(
      atPath: data, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    try reset()
  }

  /// Puts everything back to how it was, below the same data folder.
  func reset() throws {
    let files = FileManager.default
    for name in try files.contentsOfDirectory(atPath: data) {
      try files.removeItem(atPath: "\(data)/\(name)")
    }
    for name in try files.contentsOfDirectory(atPath: base) {
      try files.copyItem(atPath: "\(base)/\(name)", toPath: "\(data)/\(name)")
    }
    // A spare file's time of modification says that it is one on the disk, too.
    for path in try files.subpathsOfDirectory(atPath: base) where path.contains("/.spare-") {
      let time = try files.attributesOfItem(atPath: "\(base)/\(path)")[.modificationDate]
      try files.setAttributes(
        [.modificationDate: try XCTUnwrap(time)], ofItemAtPath: "\(data)/\(path)")
    }
  }

  func worker(
    settings: [String] = [], prefix: [String] = [], program: String? = nil, log: String? = nil
  ) throws -> WorkerProcess {
    try WorkerProcess(
      data: data, in: folder, settings: settings, prefix: prefix, program: program, log: log)
  }

  /// Alice's live sessions as they stand on the disk.
  func sessions() throws -> [Session] {
    try SessionStore(documents: FileDocumentStore(path: data), policy: SessionPolicy())
      .sessions(ofUser: alice.id, at: Date())
  }

  /// The file of a document, by its collection and its key.
  func path(_ collection: String, _ key: String) throws -> String {
    let names = try FileManager.default.subpathsOfDirectory(atPath: "\(data)/\(collection)")
    let name = try XCTUnwrap(names.first { $0.hasSuffix("/\(key).json") })
    return "\(data)/\(collection)/\(name)"
  }

  /// The document of the sessions to which a refresh token belongs.
  func tokensPath(of token: String) throws -> String { try path("tokens", claim("sub", of: token)) }

  /// Files that an update left behind unfinished: what `check` would tell, too.
  func leftovers() throws -> [String] {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: data)
    return paths.filter { path in
      path.contains("/.spare-") && !paths.contains(path.replacing("/.spare-", with: "/"))
        || path.contains("/.new-")
    }
  }
}

/// The `jti` of a token.
func tokenID(_ token: String) -> String { claim("jti", of: token) }

/// A text among the claims of a token; empty where there is none.
func claim(_ name: String, of token: String) -> String {
  let parts = token.split(separator: ".")
  guard parts.count == 3 else { return "" }
  var text = parts[1].map { $0 == "-" ? "+" : $0 == "_" ? "/" : String($0) }.joined()
  while text.count % 4 != 0 { text += "=" }
  guard let data = Data(base64Encoded: text) else { return "" }
  let json = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
  return json?[name] as? String ?? ""
}
