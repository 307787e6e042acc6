import DocumentStore
import ForeignInput
import Foundation

@testable import Accounts
@testable import FileDocumentStore
@testable import JobsModule
@testable import Sessions

/// A digit, and then the file of a document, or a letter, and then a document's JSON.
struct DocumentsTarget: FuzzTarget {
  static let name = "documents"

  func seeds() throws -> [[UInt8]] {
    let store = SnapshotStore()
    let user = User(
      id: "u1", username: "alice",
      profile: .init(email: "a@example.com", firstName: "A", city: "\u{e9}"),
      passwordHash: "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA")
    let sessions = SessionStore(documents: store, policy: SessionPolicy())
    let begun = try sessions.beginSession(
      ofUser: "u1", named: "alice", passwordGeneration: 0,
      on: Device(fingerprint: "f", userAgent: "x", address: "192.0.2.1"), at: now)
    let token = PresentedToken(
      session: begun?.id ?? "", id: begun?.current.id ?? "", fingerprint: "f",
      attempt: "AAAAAAAAAAAAAAAA")
    _ = try sessions.refresh(ofUser: "u1", with: token, at: now, owner: { _ in true })
    let throttle = Throttle(documents: store, key: Array(0..<32))
    _ = try throttle.admit(.stranger(address: "192.0.2.1"), at: "alice", time: now)
    _ = try throttle.admit(.knownBrowser("b"), at: "alice", time: now)
    _ = try UserDirectory(documents: store).candidate(named: nil, called: "x")
    func all<D: Document>(_ letter: String, _ type: D.Type) throws -> [[UInt8]] {
      try store.keys(of: type).prefix(2).flatMap { key -> [[UInt8]] in
        guard let document = try store.read(type, key) else { return [] }
        let json = try DocumentCoder.encode(document, key: key)
        return [
          Array(letter.utf8) + json,
          [UInt8(ascii: "1")] + (try Envelope.seal(document, key: "alice")),
        ]
      }
    }
    try store.update(User.self, "alice") { $0 = user }
    try store.update(JobList.self, "u1") {
      $0 = JobList(jobs: [
        Job(
          id: "1", userID: "u1", companyName: "c", title: "t", firstDate: "2020-01-01",
          lastDate: "", skills: "s", department: "d", ein: "e")
      ])
    }
    _ = try PasswordLinks(documents: store).make(for: Username("alice")!, at: now)
    return try all("u", User.self) + all("s", UserSessions.self) + all("f", StrangersFailures.self)
      + all("k", KnownFailures.self) + all("d", Decoy.self) + all("l", PasswordLink.self)
      + all("j", JobList.self)
  }

  let words = [
    "9223372036854775807", "-9223372036854775808", "1e308", "-1e308", "1e19", "null", "true",
    "expiresAt", "endsAt", "issuedAt", "recent", "attempt", "replacedAt", "passwordGeneration",
    "signOutsEverywhere", "strangersFailures", "pairs", "accounts", "addresses", "counts", "count",
    "last", "\"version\":1", "sha256",
  ]

  func run(_ bytes: [UInt8]) throws {
    do {
      try use(bytes)
    } catch DocumentStoreError.invalidKey {
      // A document that names what cannot be a key: the answer is 503.
    }
  }

  private func use(_ bytes: [UInt8]) throws {
    let rest = Array(bytes.dropFirst())
    switch bytes.first {
    case UInt8(ascii: "u"): try read(User.self, rest, use)
    case UInt8(ascii: "s"): try read(UserSessions.self, rest, use)
    case UInt8(ascii: "f"): try read(StrangersFailures.self, rest, use)
    case UInt8(ascii: "k"): try read(KnownFailures.self, rest, use)
    case UInt8(ascii: "d"): try read(Decoy.self, rest, use)
    case UInt8(ascii: "l"): try read(PasswordLink.self, rest, use)
    case UInt8(ascii: "j"): try read(JobList.self, rest) { _ in }
    default:
      try open(User.self, rest)
      try open(UserSessions.self, rest)
      try open(StrangersFailures.self, rest)
      try open(PasswordLink.self, rest)
    }
  }

  /// A document of another kind may open, without the members that it has not: its folder tells the
  /// kind.
  private func open<D: Document>(_ type: D.Type, _ bytes: [UInt8]) throws {
    guard let document = try? Envelope.open(bytes, as: type, key: "alice") else { return }
    let sealed = try Envelope.seal(document, key: "alice")
    try require(
      Envelope.open(sealed, as: type, key: "alice") == document, "sealed and opened it differs")
  }

  private func read<D: Document>(
    _ type: D.Type, _ json: [UInt8], _ use: (D) throws -> Void
  ) throws {
    guard let document = try? DocumentCoder.decode(type, from: json) else { return }
    // A number that JSON has, and that it cannot write: then nothing is written.
    guard let sealed = try? Envelope.seal(document, key: "alice") else { return }
    let opened = try Envelope.open(sealed, as: type, key: "alice")
    require(opened == document, "sealed and opened it differs")
    try require(Envelope.seal(opened, key: "alice") == sealed, "sealed again it differs")
    try use(document)
  }

  // MARK: - What the service does with them

  private func use(_ user: User) throws {
    let store = SnapshotStore()
    try store.update(User.self, "alice") { $0 = user }
    let users = UserDirectory(documents: store)
    guard let alice = Username("alice"), let found = try users.user(named: alice) else { return }
    _ = (found.browserGeneration, found.groups, found.isClosedToStrangers)
    _ = try users.countStrangersFailure(at: found, called: "alice")
    _ = try users.forgiveStrangers(at: found)
    try users.forgetBrowsers(of: found)
    _ = try users.changePassword(of: found, toHash: "h")
    _ = try? StoredHash(found.passwordHash)
  }

  private func use(_ sessions: UserSessions) throws {
    let store = SnapshotStore()
    try store.update(UserSessions.self, "u1") { $0 = sessions }
    let house = SessionStore(documents: store, policy: SessionPolicy())
    _ = (sessions.expiry, try house.sessions(ofUser: "u1", at: now).map { $0.cookieAge(at: now) })
    for session in sessions.sessions.prefix(4) {
      let ids = [session.current.id] + session.recent.prefix(2).map(\.id)
      for id in ids {
        let token = PresentedToken(session: session.id, id: id, fingerprint: nil, attempt: nil)
        _ = try house.refresh(
          ofUser: "u1", with: token, at: now, owner: { _ in true }, passwordGeneration: { _ in 1 })
      }
    }
    _ = try house.beginSession(
      ofUser: "u1", named: "alice", on: Device(fingerprint: nil, userAgent: "", address: ""),
      at: now)
    _ = try house.sweep(at: now)
  }

  private func use(_ failures: StrangersFailures) throws {
    let store = SnapshotStore()
    let throttle = Throttle(documents: store, key: Array(0..<32))
    let slots = throttle.slots(of: "192.0.2.1", at: "alice")
    for document in [slots.document, slots.addressDocument] {
      try store.update(StrangersFailures.self, document) { $0 = failures }
    }
    let stranger = Guesser.stranger(address: "192.0.2.1")
    _ = try throttle.admit(stranger, at: "alice", time: now)
    try throttle.succeeded(stranger, at: "alice", time: now)
    throttle.takeBack(stranger, at: "alice", time: now)
    _ = try throttle.wait(ofStrangersAt: "alice", time: now)
    _ = try Throttle.sweep(store, at: now)
  }

  private func use(_ failures: KnownFailures) throws {
    let store = SnapshotStore()
    let throttle = Throttle(documents: store, key: Array(0..<32))
    let known = Guesser.knownBrowser("b")
    try store.update(KnownFailures.self, throttle.knownSlot(known, "alice").document) {
      $0 = failures
    }
    _ = try throttle.admit(known, at: "alice", time: now)
    try throttle.succeeded(known, at: "alice", time: now)
    throttle.takeBack(known, at: "alice", time: now)
  }

  private func use(_ decoy: Decoy) throws {
    var decoy = decoy
    decoy.countFailure()
  }

  private func use(_ link: PasswordLink) throws {
    let user = User(id: "u1", username: "alice", profile: .init(email: ""), passwordHash: "")
    _ = (link.isGood(for: user, at: now), link.isFound(by: LinkToken(for: Username("alice")!)))
  }
}
