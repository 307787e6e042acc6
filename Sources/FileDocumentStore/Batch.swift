import Dispatch
import DocumentStore
import Synchronization

/// The changes of one document that threads of this process ask for while the first of them waits
/// for the lock. That one makes them all, in this order, and one commit makes them durable.
///
/// `@unchecked Sendable`: its changes belong to `Batches` while others may join, and then to the
/// thread that makes them, until it has said so to the others.
final class Batch<D: Document>: @unchecked Sendable {
  fileprivate(set) var changes: [PendingChange<D>]
  private let isOver = DispatchSemaphore(value: 0)

  init(_ change: PendingChange<D>) { changes = [change] }

  /// Waits until each change has its outcome.
  func wait() { isOver.wait() }

  /// Each change has its outcome now.
  func end() {
    for _ in changes.dropFirst() { isOver.signal() }
  }
}

/// The batches that may be joined, each under the path of its document.
final class Batches: Sendable {
  private let open = Mutex<[String: any Sendable]>([:])
  /// How many changes a batch may have, so that nobody holds a lock for long.
  private let limit: Int

  init(limit: Int = 64) { self.limit = limit }

  /// The batch that has the change now, and whether the caller is the one to make it.
  func join<D>(_ change: PendingChange<D>, _ path: String) -> (batch: Batch<D>, isFirst: Bool) {
    open.withLock { open in
      if let batch = open[path] as? Batch<D>, batch.changes.count < limit {
        batch.changes.append(change)
        return (batch, false)
      }
      let batch = Batch(change)
      open[path] = batch
      return (batch, true)
    }
  }

  /// From now on nobody joins it.
  func close<D>(_ batch: Batch<D>, _ path: String) {
    open.withLock { open in
      // Where it is full, or was of another type, another may have taken its place.
      if open[path] as? Batch<D> === batch { open[path] = nil }
    }
  }

  /// How many changes the batch has that may be joined.
  func count<D: Document>(of _: D.Type, _ path: String) -> Int {
    open.withLock { ($0[path] as? Batch<D>)?.changes.count ?? 0 }
  }
}

/// A change of one document, and what became of it.
///
/// `@unchecked Sendable`: it belongs to the thread that makes it until that has ended the batch, and
/// then to the one that asked for it.
final class PendingChange<D: Document>: @unchecked Sendable {
  enum Outcome {
    /// Not made yet, or only together with others that kept it from being written.
    case pending
    case made
    case failed(any Error)
  }

  var outcome = Outcome.pending
  /// Whether it is to be made by itself.
  var isAlone: Bool
  private var change: ((inout D?) throws -> Void)?

  init(isAlone: Bool, _ change: @escaping (inout D?) throws -> Void) {
    self.isAlone = isAlone
    self.change = change
  }

  var isMade: Bool { if case .made = outcome { true } else { false } }

  /// A change that throws leaves the document as it was.
  func make(_ document: inout D?) {
    var changed = document
    do {
      try change?(&changed)
      document = changed
      outcome = .made
    } catch {
      outcome = .failed(error)
    }
  }

  /// It is not to be made any more: who asked for it goes on.
  func drop() { change = nil }
}
