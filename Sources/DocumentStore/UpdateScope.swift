/// Knows which collections this task, or this thread outside of any task, is updating.
public enum UpdateScope {
  @TaskLocal private static var collections: [String] = []

  /// For engines: whether an update is running around the caller.
  public static var isWithinUpdate: Bool { !collections.isEmpty }

  /// For engines: does an update in `body`.
  ///
  /// An engine that locks would wait for itself, where two keys share a lock, and another would lose
  /// one of the two changes. So neither ever begins.
  /// - Throws: `DocumentStoreError.nestedUpdate` where `body` of another call for the collection is
  ///   running, in whatever store; else what `body` throws.
  public static func run<D: Document, R>(_ type: D.Type, _ body: () throws -> R) throws -> R {
    guard !collections.contains(type.collection) else {
      throw DocumentStoreError.nestedUpdate(collection: type.collection)
    }
    return try $collections.withValue(collections + [type.collection], operation: body)
  }
}
