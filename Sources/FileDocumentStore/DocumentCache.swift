import DocumentStore
import Glibc
import Synchronization
import SystemCalls

/// Documents as they were read, each with the version of the file that it was read from.
///
/// What is in here may be out of date: whoever takes an entry out compares its version with that of
/// the file, which costs one system call instead of reading, hashing and decoding.
final class DocumentCache: Sendable {
  /// A document as one version of its file holds it.
  final class Entry: Sendable {
    /// From the root, or from where the store's own path begins.
    let path: String
    let version: FileVersion
    /// Whether a file of this version is sure to hold this document. Otherwise it was changed just
    /// before it was read, and may have been changed again within one tick of the clock: then the
    /// bytes tell, without being hashed and decoded again.
    let isSettled: Bool
    /// The file's; none where only the version is asked for.
    let bytes: [UInt8]
    let document: any Sendable
    fileprivate let size: Int

    init(
      path: String, version: FileVersion, isSettled: Bool, bytes: [UInt8], document: any Sendable
    ) {
      self.path = path
      self.version = version
      self.isSettled = isSettled
      self.bytes = isSettled ? [] : bytes
      self.document = document
      size = bytes.count
    }
  }

  /// Two of these are kept, so twice as much.
  struct Limit {
    var entries = 8_192
    /// Of files. Decoded, they take up some times as many.
    var bytes = 8 << 20
  }

  /// When the young generation is full, it becomes the old one, and the old one is dropped. What is
  /// found in the old one moves to the young one. So what was not asked for since then is dropped.
  private struct Generations {
    var young: [Name: Entry] = [:]
    var old: [Name: Entry] = [:]
    var size = 0
  }

  private let limit: Limit
  private let generations = Mutex(Generations())

  init(limit: Limit = Limit()) { self.limit = limit }

  func entry<D: Document>(_ type: D.Type, _ key: String) -> Entry? {
    let name = Name(type: ObjectIdentifier(type), key: key)
    return generations.withLock { generations in
      if let entry = generations.young[name] { return entry }
      guard let entry = generations.old.removeValue(forKey: name) else { return nil }
      add(entry, name, to: &generations)
      return entry
    }
  }

  func keep<D: Document>(_ entry: Entry, _ type: D.Type, _ key: String) {
    let name = Name(type: ObjectIdentifier(type), key: key)
    generations.withLock { generations in
      generations.old[name] = nil
      add(entry, name, to: &generations)
    }
  }

  func forget<D: Document>(_ type: D.Type, _ key: String) {
    let name = Name(type: ObjectIdentifier(type), key: key)
    generations.withLock { generations in
      generations.old[name] = nil
      generations.size -= generations.young.removeValue(forKey: name)?.size ?? 0
    }
  }

  private func add(_ entry: Entry, _ name: Name, to generations: inout Generations) {
    let isFull =
      generations.young.count >= limit.entries || generations.size + entry.size > limit.bytes
    if isFull { generations = Generations(old: generations.young) }
    let before = generations.young.updateValue(entry, forKey: name)
    generations.size += entry.size - (before?.size ?? 0)
  }

  /// A type and a key, which is told from others by its bytes: Swift holds some for equal that are
  /// not.
  private struct Name: Hashable {
    let type: ObjectIdentifier
    let key: String

    func hash(into hasher: inout Hasher) {
      hasher.combine(type)
      var key = key
      key.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    static func == (one: Name, other: Name) -> Bool {
      guard one.type == other.type else { return false }
      var (key, otherKey) = (one.key, other.key)
      return key.withUTF8 { bytes in
        otherKey.withUTF8 { other in
          bytes.count == other.count
            && memcmp(bytes.baseAddress!, other.baseAddress!, bytes.count) == 0
        }
      }
    }
  }
}
