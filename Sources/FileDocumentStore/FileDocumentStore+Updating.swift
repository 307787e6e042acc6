import DocumentStore
import Execution
import SystemCalls

/// How documents are changed: under their folder's lock, those changes of one document together that
/// came while the first of them waited.
extension FileDocumentStore {
  /// - Parameter isNested: whether it is within another update. Then it is made by itself: another
  ///   thread would make it in the scope of an update of its own.
  /// - Throws: `SystemCallError`, `Envelope.Damage`, `Busy`, what `change` throws.
  func update<D: Document, R>(
    _ key: String, _ layout: FileLayout, isNested: Bool, _ change: (inout D?) throws -> R
  ) throws -> R {
    let deadline = ContinuousClock.now + lockTimeout
    return try withoutActuallyEscaping(change) { change in
      var result: R?
      let pending = PendingChange<D>(isAlone: isNested) { result = try change(&$0) }
      defer { pending.drop() }
      while true {
        if pending.isAlone {
          try make(Batch(pending), key, layout, until: deadline)
        } else {
          let (batch, isFirst) = batches.join(pending, layout.path)
          if isFirst { try make(batch, key, layout, until: deadline) } else { batch.wait() }
        }
        if case .failed(let error) = pending.outcome { throw error }
        if pending.isMade, let result { return result }
      }
    }
  }

  /// What it throws, it throws before any change is made: those of others are still pending then.
  private func make<D: Document>(
    _ batch: Batch<D>, _ key: String, _ layout: FileLayout,
    until deadline: ContinuousClock.Instant
  ) throws {
    defer {
      batches.close(batch, layout.path)
      batch.end()
    }
    try requirePath()
    let folder = try openFolder(layout)
    try withLock(of: layout.folder, folder, until: deadline) {
      batches.close(batch, layout.path)
      let old = try readUnderLock(D.self, key, layout, in: folder)
      var new = old.document
      for change in batch.changes { change.make(&new) }
      guard batch.changes.contains(where: \.isMade) else { return }
      do {
        if new != old.document {
          cache.forget(D.self, key)
          let start = ContinuousClock.now
          defer { timers.commit.record(since: start) }
          try commit(new, key, layout, insteadOf: old.version, in: folder)
        } else {
          // The process that wrote or removed it may have died before that was durable; now
          // somebody relies on it.
          try System.sync(folder)
        }
      } catch {
        // Where it was never to be written, such as for its size, one of them alone may be to blame.
        let isOfAll = batch.changes.count == 1 || error is SystemCallError
        for change in batch.changes where change.isMade {
          change.isAlone = true
          change.outcome = isOfAll ? .failed(error) : .pending
        }
      }
    }
  }
}
