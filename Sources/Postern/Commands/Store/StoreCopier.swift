import DocumentStore
import FoundationEssentials
import Synchronization

/// Copies documents from one store into another, and compares the two.
struct StoreCopier: Sendable {
  private let source: any DocumentStore
  private let target: any DocumentStore
  private let deletes: Bool
  private let time: Date
  private let tally = CopyTally()

  /// What waits for a disk or for servers gains by many at once.
  private static let threads = 16

  /// - Parameter deletes: whether what only the target has is removed.
  init(
    from source: any DocumentStore, to target: any DocumentStore, deletes: Bool, time: Date
  ) {
    self.source = source
    self.target = target
    self.deletes = deletes
    self.time = time
  }

  /// - Throws: `DocumentStoreError` where one of the stores cannot be used any longer: run again, it
  ///   goes on from there.
  func run(_ types: [any Document.Type]) throws -> CopyReport {
    let counts = try types.map { try source.keys(of: $0).count }
    // Each document is copied, and compared.
    tally.showProgress(total: 2 * counts.reduce(0, +))
    defer { tally.endProgress() }
    for type in types { try copy(type) }
    for type in types { try compare(type) }
    tally.endProgress()
    return tally.report
  }

  private func copy<D: Document>(_ type: D.Type) throws {
    try forEachKey(of: type) { key in
      // The target's engine may drop what has expired already.
      guard let document = try source.read(type, key), !document.hasExpired(at: time) else {
        return .expired
      }
      let isThere = try target.update(type, key) { existing in
        defer { existing = document }
        return existing == document
      }
      return isThere ? .same : .copied
    }
  }

  private func compare<D: Document>(_ type: D.Type) throws {
    let name = type.collection
    let expected = try Set(source.keys(of: type).map { Array($0.utf8) })
    for key in try target.keys(of: type) where !expected.contains(Array(key.utf8)) {
      if deletes {
        try target.update(type, key) { $0 = nil }
      } else {
        tally.complain(
          "\(name)/\(Output.visible(key)): only the other store has it; --delete removes it")
      }
    }
    try forEachKey(of: type) { key in
      guard let document = try source.read(type, key), !document.hasExpired(at: time) else {
        return nil
      }
      guard try target.readAnew(type, key) == document else {
        tally.complain(
          "\(name)/\(Output.visible(key)): differs after the copy: did anybody change it?")
        return nil
      }
      return .compared
    }
  }

  private func forEachKey<D: Document>(
    of type: D.Type, _ body: @escaping @Sendable (String) throws -> CopyTally.Outcome?
  ) throws {
    try source.keys(of: type).forEachOnThreads(Self.threads) { key in
      guard tally.failure == nil else { return }
      do {
        tally.note(try body(key))
      } catch DocumentStoreError.unavailable(let reason) {
        tally.fail(.unavailable(reason: reason))
      } catch {
        tally.complain("\(type.collection)/\(Output.visible(key)): \(error)")
        tally.note(nil)
      }
    }
    if let failure = tally.failure {
      tally.endProgress()
      throw failure
    }
  }
}

/// What a copy came to.
struct CopyReport: Encodable, Equatable {
  /// Documents that were written, that were there already, and that had expired.
  var copied = 0
  var same = 0
  var expired = 0
  /// Documents that were read from both stores afterwards, and were the same.
  var compared = 0
  /// What could not be read, or differs.
  var bad = 0

  var isComplete: Bool { bad == 0 && compared == copied + same }

  var summary: String {
    "copied \(copied), there already \(same), expired \(expired); compared \(compared), bad \(bad)"
  }
}

private final class CopyTally: Sendable {
  enum Outcome {
    case copied, same, expired, compared
  }

  private struct State {
    var report = CopyReport()
    var bar = ProgressBar(isShown: false, total: 0)
    var failure: DocumentStoreError?
  }

  private let state = Mutex(State())

  var report: CopyReport { state.withLock { $0.report } }
  /// Why it cannot go on.
  var failure: DocumentStoreError? { state.withLock { $0.failure } }

  func fail(_ error: DocumentStoreError) { state.withLock { $0.failure = $0.failure ?? error } }

  func showProgress(total: Int) {
    state.withLock { $0.bar = ProgressBar(isShown: true, total: total) }
  }

  func endProgress() { state.withLock { $0.bar.clear() } }

  func note(_ outcome: Outcome?) {
    state.withLock { state in
      switch outcome {
      case .copied: state.report.copied += 1
      case .same: state.report.same += 1
      case .expired: state.report.expired += 1
      case .compared: state.report.compared += 1
      case nil: break
      }
      state.bar.advance()
    }
  }

  func complain(_ text: String) {
    state.withLock { state in
      state.report.bad += 1
      state.bar.clear()
      Output.complain(text)
    }
  }
}
