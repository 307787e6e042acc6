import Accounts
import FoundationEssentials
import RecordFiles
import Sessions

/// Puts the users of a file into the store.
struct UserImporter: Sendable {
  let users: UserDirectory
  let sessions: SessionStore
  let scope: ImportScope
  let isDryRun: Bool
  let takesPlainPasswords: Bool
  let report: ImportReport
  private let hasher: PasswordHasher

  /// Each waits for the disk most of the time. With more, nothing is faster.
  private static let threads = 16

  init(
    users: UserDirectory, sessions: SessionStore, scope: ImportScope, isDryRun: Bool,
    takesPlainPasswords: Bool, report: ImportReport
  ) throws {
    self.users = users
    self.sessions = sessions
    self.scope = scope
    self.isDryRun = isDryRun
    self.takesPlainPasswords = takesPlainPasswords
    self.report = report
    hasher = try PasswordHasher(
      concurrency: ProcessInfo.processInfo.activeProcessorCount, timeout: .seconds(600))
  }

  /// Looks at all records first, and then puts those that can be used.
  /// - Throws: `DocumentStoreError` where the users that there are cannot be listed.
  func run(_ records: some Sequence<Result<Record, RecordError>>) throws {
    var lines = ImportedLines()
    var planned: [Planned] = []
    for record in records {
      do throws(RecordError) {
        let record = try record.get()
        let user = try Planned(record, takesPlainPasswords: takesPlainPasswords)
        try lines.note(user.record, of: record)
        planned.append(user)
      } catch {
        report.note(.refused(error.reason), line: error.line)
      }
    }
    if planned.contains(where: { $0.record.id != nil }) { try refuseTakenIDs(&planned) }
    report.showProgress(total: planned.count)
    planned.forEachOnThreads(Self.threads) { user in
      do {
        report.note(.init(try put(user)), line: user.line)
      } catch {
        report.note(.refused("\(error)"), line: user.line)
      }
    }
  }

  /// An id is never given to another user: sessions are found by it.
  private func refuseTakenIDs(_ planned: inout [Planned]) throws {
    let names = Dictionary(
      try users.all().users.map { ($0.id, $0.username) }, uniquingKeysWith: { first, _ in first })
    planned.removeAll { user in
      guard let id = user.record.id, let owner = names[id],
        owner != user.record.username.text
      else { return false }
      report.note(.refused("id is that of another user"), line: user.line)
      return true
    }
  }

  private func put(_ user: Planned) throws -> ImportOutcome {
    try users.put(
      user.record, passwordHash: hash(for: user), in: scope, isDryRun: isDryRun,
      endSessions: { try sessions.endSessions(ofUser: $0) })
  }

  /// `nil` where the password of the user stays as it is.
  private func hash(for user: Planned) throws -> String? {
    let stored = try users.user(named: user.record.username)
    guard stored == nil || scope == .passwords else { return nil }
    switch user.password {
    case .hash(let hash): return hash
    case nil: return stored == nil ? hasher.hashOfNothing() : nil
    case .plain(let password):
      if let stored, try hasher.verify(password, against: stored.passwordHash) == .right {
        return nil
      }
      return isDryRun ? hasher.hashOfNothing() : try hasher.hash(password)
    }
  }

  /// A user of the file who can be put into the store.
  struct Planned: Sendable {
    enum Password: Sendable {
      case hash(String)
      case plain(Accounts.Password)
    }

    let line: Int
    let record: UserRecord
    var password: Password?

    /// - Throws: `RecordError`
    init(_ record: Record, takesPlainPasswords: Bool) throws(RecordError) {
      line = record.line
      self.record = try UserRecord(record)
      let plain = try record.filledText("password")
      if let hash = try record.filledText("passwordHash") {
        guard plain == nil else { throw record.fault("has both password and passwordHash") }
        do throws(UnusableHash) {
          _ = try StoredHash(hash)
        } catch {
          throw record.fault("passwordHash \(error)")
        }
        password = .hash(hash)
      } else if let plain {
        guard takesPlainPasswords else {
          throw record.fault("password is in plain text; --plain-passwords takes it")
        }
        guard let text = Accounts.Password(plain) else {
          throw record.fault("password has over \(Accounts.Password.sizes.upperBound) bytes")
        }
        password = .plain(text)
      }
    }
  }
}

/// The names and ids that a file has so far, with their lines.
private struct ImportedLines {
  private var names: [Username: Int] = [:]
  private var ids: [String: Int] = [:]

  /// - Throws: `RecordError` where an earlier line has the name or the id.
  mutating func note(_ user: UserRecord, of record: Record) throws(RecordError) {
    if let line = names[user.username] {
      throw record.fault("line \(line) has the same username")
    }
    if let id = user.id, let line = ids[id] { throw record.fault("line \(line) has the same id") }
    names[user.username] = record.line
    if let id = user.id { ids[id] = record.line }
  }
}

extension ImportReport.Outcome {
  fileprivate init(_ outcome: ImportOutcome) {
    switch outcome {
    case .added: self = .added
    case .updated: self = .updated
    case .unchanged: self = .unchanged
    case .refused(.differs):
      self = .refused("\(ImportRefusal.differs); --update changes them")
    case .refused(let refusal): self = .refused("\(refusal)")
    }
  }
}
