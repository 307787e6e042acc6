import DocumentStore
import Foundation
import Sessions

/// The rule of Postern: not a copy of it, but `SessionStore` itself, with the time given.
struct PosternRule: Rule {
  let takesAttempts: Bool
  let watchesUse = false
  private let store = KillableStore()
  private let sessions: SessionStore
  private var numbers: [String: Int] = [:]
  private let user = "1"

  init(takesAttempts: Bool, grace: TimeInterval) {
    self.takesAttempts = takesAttempts
    sessions = SessionStore(
      documents: store,
      policy: SessionPolicy(
        grace: grace, refreshLifetime: refreshLifetime, sessionLifetime: sessionLifetime))
  }

  mutating func begin(session: Int, at time: Double) throws -> Issued {
    let device = Device(fingerprint: nil, userAgent: "", address: "")
    guard
      let begun = try sessions.beginSession(
        ofUser: user, named: user, on: device, at: Date(timeIntervalSince1970: time))
    else { throw WorkerKilled() }
    numbers[begun.id] = session
    return issued(begun)
  }

  mutating func refresh(
    _ token: Token, attempt: Int?, at time: Double, death: Death?
  ) throws -> Verdict {
    store.death = death
    defer { store.death = nil }
    let presented = PresentedToken(
      session: token.issued.session, id: token.issued.id, fingerprint: nil,
      attempt: attempt.map { "attempt-\($0)" })
    let outcome = try sessions.refresh(
      ofUser: user, with: presented, at: Date(timeIntervalSince1970: time), owner: { $0 })
    switch outcome {
    case .refreshed(_, let session, _): return .tokens(issued(session))
    case .reuse: return .reuse
    case .fingerprintDiffers, .unknownSession, .noSession, .noOwner: return .refused
    }
  }

  mutating func end(_ token: Token, at time: Double) throws {
    try sessions.endSession(
      token.issued.session, ofUser: user, at: Date(timeIntervalSince1970: time))
  }

  mutating func use(_ token: Token) {}

  func liveSessions(at time: Double) throws -> Set<Int>? {
    let live = try sessions.sessions(ofUser: user, at: Date(timeIntervalSince1970: time))
    return Set(live.compactMap { numbers[$0.id] })
  }

  private func issued(_ session: Session) -> Issued {
    Issued(
      session: session.id, id: session.current.id, expiresAt: session.current.expiresAt)
  }
}

/// The documents of one user, as values, used by one thread; a writer can be killed.
private final class KillableStore: DocumentStore, @unchecked Sendable {
  // Not shared: each simulated user has one, and is simulated by one thread.
  private var documents: [String: any Document] = [:]
  var death: Death?

  func read<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    documents[key] as? D
  }

  func update<D: Document, R>(
    _ type: D.Type, _ key: String, _ change: (inout D?) throws -> R
  ) throws -> R {
    var document = try read(type, key)
    let result = try change(&document)
    if death == .beforeCommit { throw WorkerKilled() }
    documents[key] = document
    if death == .afterCommit { throw WorkerKilled() }
    return result
  }

  func keys<D: Document>(of type: D.Type) throws -> [String] { Array(documents.keys) }
}
