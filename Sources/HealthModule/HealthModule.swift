public import DocumentStore
public import HandlerKit
import Synchronization

/// `GET /healthz`: whether this worker can read and write its store. For programs that watch the
/// service, and for nobody else: each question may write.
///
/// 200 with `ok`, or 503 with the code of what is wrong, such as `store_unavailable`.
public struct HealthModule: HandlerModule {
  public static let name = "health"

  private let documents: any DocumentStore
  private let explain: @Sendable (any Error) -> HTTPError?
  private let memory = GoodMemory()
  private let interval: Duration

  /// - Parameters:
  ///   - explain: which answer an error of the store is.
  ///   - interval: for how long a good answer is given again, so that many who ask do not wear out
  ///     the disk. Bad ones are not kept.
  public init(
    documents: any DocumentStore, interval: Duration = .seconds(1),
    explain: @escaping @Sendable (any Error) -> HTTPError?
  ) {
    self.documents = documents
    self.explain = explain
    self.interval = interval
  }

  public var routes: [Route] {
    Route(.get, "/healthz") { _ in
      if memory.isFresh(for: interval) { return .text("ok") }
      do {
        try check()
      } catch {
        guard var answer = explain(error) else { throw error }
        answer.message = answer.code
        throw answer
      }
      memory.keep()
      return .text("ok")
    }
  }

  /// Goes the way of every change: lock, read, write, sync. The count is there to change something.
  private func check() throws {
    try documents.update(HealthProbe.self, "probe") { probe in
      probe = HealthProbe(count: (probe?.count ?? 0) &+ 1)
    }
  }
}

/// What is written to find out whether anything can be.
public struct HealthProbe: Document {
  public static let collection = "health"
  /// The service goes on without new sign-ins.
  public static let mayUseReserve = true

  let count: Int
}

/// When all was well.
private final class GoodMemory: Sendable {
  private let latest = Mutex<ContinuousClock.Instant?>(nil)

  func isFresh(for interval: Duration) -> Bool {
    latest.withLock { $0.map { .now - $0 < interval } ?? false }
  }

  func keep() { latest.withLock { $0 = .now } }
}
