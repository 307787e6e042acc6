import CoreMetrics

/// How long the store takes, for metrics.
struct StoreTimers: Sendable {
  /// Until a lock is had, or given up.
  let lockWait = Timer(label: "postern.store.lock.wait")
  /// Until a changed document is durable.
  let commit = Timer(label: "postern.store.commit")
}
