import Accounts
import DocumentStore
import JobsModule
import RecordFiles

/// Puts the jobs of a file into the store, all of one user at once.
struct JobsImporter: Sendable {
  let documents: any DocumentStore
  let mayUpdate: Bool
  let isDryRun: Bool
  let report: ImportReport

  private static let threads = 16

  private typealias Planned = (line: Int, job: Job)

  /// - Throws: `DocumentStoreError` where the users cannot be listed.
  func run(_ records: some Sequence<Result<Record, RecordError>>) throws {
    let users = UserDirectory(documents: documents).all
    var owners = Owners(try users().users)
    var planned: [String: [Planned]] = [:]
    var count = 0
    for record in records {
      do throws(RecordError) {
        let record = try record.get()
        let job = try Job(record, ofUser: owners.id(record))
        try owners.note(job, of: record)
        planned[job.userID, default: []].append((record.line, job))
        count += 1
      } catch {
        report.note(.refused(error.reason), line: error.line)
      }
    }
    report.showProgress(total: count)
    planned.sorted { $0.key < $1.key }.map(\.value).forEachOnThreads(Self.threads) { jobs in
      do {
        for (line, outcome) in try put(jobs) { report.note(outcome, line: line) }
      } catch {
        for (line, _) in jobs { report.note(.refused("\(error)"), line: line) }
      }
    }
  }

  private func put(
    _ jobs: [Planned]
  ) throws -> [(line: Int, outcome: ImportReport.Outcome)] {
    guard let user = jobs.first?.job.userID else { return [] }
    var list = try documents.read(JobList.self, user)
    let outcomes = merge(jobs, into: &list)
    // A file that is imported again changes little: reading costs no sync.
    let isChange = outcomes.contains { $0.outcome == .added || $0.outcome == .updated }
    guard isChange, !isDryRun else { return outcomes }
    try documents.requireRoom()
    return try documents.update(JobList.self, user) { merge(jobs, into: &$0) }
  }

  private func merge(
    _ jobs: [Planned], into stored: inout JobList?
  ) -> [(line: Int, outcome: ImportReport.Outcome)] {
    var list = stored ?? JobList(jobs: [])
    defer { if !list.jobs.isEmpty { stored = list } }
    return jobs.map { line, job in
      guard let index = list.jobs.firstIndex(where: { $0.id == job.id }) else {
        list.jobs.append(job)
        return (line, .added)
      }
      if list.jobs[index] == job { return (line, .unchanged) }
      guard mayUpdate else {
        return (line, .refused("the user has another job of this id; --update changes it"))
      }
      list.jobs[index] = job
      return (line, .updated)
    }
  }
}

/// Who the users are, and which jobs of each a file has so far.
private struct Owners {
  private let ids: [String: String]
  private let known: Set<String>
  private var lines: [String: [String: Int]] = [:]

  init(_ users: [User]) {
    ids = Dictionary(users.map { ($0.username, $0.id) }, uniquingKeysWith: { first, _ in first })
    known = Set(users.map(\.id))
  }

  /// The id of the user whose job the record is.
  /// - Throws: `RecordError` where it names nobody, or two.
  func id(_ record: Record) throws(RecordError) -> String {
    let id = try record.filledText("user_id")
    guard let name = try record.filledText("username") else {
      guard let id else { throw record.fault("username and user_id are missing") }
      guard known.contains(id) else { throw record.fault("there is no user of this user_id") }
      return id
    }
    guard let owner = Username(name).flatMap({ ids[$0.text] }) else {
      throw record.fault("there is no user of this username")
    }
    guard id == nil || id == owner else { throw record.fault("user_id is not that of username") }
    return owner
  }

  mutating func note(_ job: Job, of record: Record) throws(RecordError) {
    if let line = lines[job.userID]?[job.id] {
      throw record.fault("line \(line) has the same id for the same user")
    }
    lines[job.userID, default: [:]][job.id] = record.line
  }
}

extension Job {
  static let columns = [
    "username", "user_id", "id", "company_name", "title", "first_date", "last_date", "skills",
    "department", "ein",
  ]

  /// - Throws: `RecordError` for what cannot be a job.
  fileprivate init(_ record: Record, ofUser user: String) throws(RecordError) {
    func text(_ name: String) throws(RecordError) -> String { try record.text(name) ?? "" }
    func date(_ name: String) throws(RecordError) -> String {
      let date = try text(name)
      guard date.isEmpty || isDate(date) else { throw record.fault("\(name) is no YYYY-MM-DD") }
      return date
    }
    guard let id = try record.filledText("id") else { throw record.fault("id is missing") }
    self.init(
      id: id, userID: user, companyName: try text("company_name"), title: try text("title"),
      firstDate: try date("first_date"), lastDate: try date("last_date"),
      skills: try text("skills"), department: try text("department"), ein: try text("ein"))
  }
}

/// Digits in the places of a date (RFC 3339 §5.6, `full-date`).
private func isDate(_ text: String) -> Bool {
  let parts = text.split(separator: "-", omittingEmptySubsequences: false)
  return parts.map(\.utf8.count) == [4, 2, 2]
    && parts.joined().utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
}
