public import Synchronization

/// Keeps values that were used lately, and a bounded number of them. For any number of threads.
///
/// There are two generations. New values go into the young one; when that is full it becomes the old
/// one, and what was in the old one and was not used meanwhile is forgotten.
///
/// Inlinable, since it is asked for each request, and generic code of another module asks for its
/// types at run time.
public final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  @usableFromInline
  struct Generations {
    @usableFromInline var young: [Key: Value] = [:]
    @usableFromInline var old: [Key: Value] = [:]

    @inlinable init() {}
  }

  @usableFromInline let generations = Mutex(Generations())
  @usableFromInline let limit: Int

  /// - Parameter limit: how many values are kept at most, at least 2.
  public init(limit: Int) {
    self.limit = max(1, limit / 2)
  }

  @inlinable
  public subscript(key: Key) -> Value? {
    get {
      generations.withLock { state in
        if let value = state.young[key] { return value }
        guard let value = state.old.removeValue(forKey: key) else { return nil }
        insert(value, key, &state)
        return value
      }
    }
    set {
      generations.withLock { state in
        state.old[key] = nil
        if let newValue {
          insert(newValue, key, &state)
        } else {
          state.young[key] = nil
        }
      }
    }
  }

  @inlinable
  func insert(_ value: Value, _ key: Key, _ state: inout Generations) {
    if state.young.count >= limit, state.young[key] == nil {
      state.old = state.young
      state.young = [:]
    }
    state.young[key] = value
  }
}
