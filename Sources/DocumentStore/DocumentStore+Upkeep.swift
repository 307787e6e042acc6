extension DocumentStore {
  /// Goes through a collection, one document at a time, and writes only what changes.
  ///
  /// - Parameters:
  ///   - change: leaves a document as it shall be (`nil` removes it). Called once to see whether
  ///     there is anything to do, and then, if so, in an update, whose rules hold for it.
  ///   - pause: called after each document, to leave room for others.
  /// - Returns: how many documents were changed or removed. What is damaged or busy is passed
  ///   over.
  /// - Throws: `DocumentStoreError` where the collection cannot be listed.
  public func sweep<D: Document>(
    _ type: D.Type, pause: () -> Void, _ change: (inout D?) -> Void
  ) throws -> Int {
    var count = 0
    for key in try keys(of: type) {
      defer { pause() }
      guard let old = try? read(type, key) else { continue }
      var new: D? = old
      change(&new)
      guard new != old, (try? update(type, key, change)) != nil else { continue }
      count += 1
    }
    return count
  }

  public func readAnew<D: Document>(_ type: D.Type, _ key: String) throws -> D? {
    try read(type, key)
  }

  public func check<D: Document>(
    _ type: D.Type, _ body: (_ name: String, _ finding: DocumentFinding) -> Void
  ) {
    do {
      for key in try keys(of: type).sorted() {
        let name = "\(type.collection)/\(key)"
        do {
          _ = try read(type, key)
          body(name, .good)
        } catch {
          body(name, .bad(fault: "\(error)"))
        }
      }
    } catch {
      body(type.collection, .bad(fault: "\(error)"))
    }
  }

  public func removeLeftovers<D: Document>(of type: D.Type) throws -> Int { 0 }
}
