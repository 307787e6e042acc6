import DocumentStore
import Glibc
import Synchronization
import SystemCalls

/// Documents as they were read, each with the version of the file that it was read from.
///
/// What is in here may be out of date: the caller compares its version with that of the file, which
/// costs one system call instead of reading, hashing and decoding.
final class DocumentCache: Sendable {
  /// A document as one version of its file holds it.
  final class Entry: Sendable {
    /// From the root, or from where the store's own path begins.
    let path: String
    /// A file of this version is sure to hold this document. `nil` where it was changed just before
    /// it was read or written here, and may have been changed again within one tick of the clock:
    /// then the bytes tell, without being hashed and decoded again.
    let settledVersion: FileVersion?
    /// The file's; none where the version tells.
    let bytes: [UInt8]
    let document: any Sendable
    fileprivate let size: Int

    init(
      path: String, settledVersion: FileVersion?, bytes: [UInt8], document: any Sendable
    ) {
      self.path = path
      self.settledVersion = settledVersion
      self.bytes = settledVersion == nil ? bytes : []
      self.document = document
      size = bytes.count
    }
  }

  /// Two of these are kept, so twice as much.
  struct Limit {
    var entries = 2_048
    /// Of files. Decoded, they take up some times as many.
    var bytes = 2 << 20
  }

  /// When the young generation is full, it becomes the old one, and the old one is dropped. What is
  /// found in the old one moves to the young one. So what was not asked for since then is dropped.
  private struct Generations {
    var young: [Name: Entry] = [:]
    var old: [Name: Entry] = [:]
    var size = 0

    /// Returns what is dropped for it, which is to be freed without the lock.
    mutating func add(_ entry: Entry, _ name: Name, _ limit: Limit) -> Any {
      var dropped: [Name: Entry] = [:]
      if young.count >= limit.entries || size + entry.size > limit.bytes {
        dropped = old
        self = Generations(old: young)
      }
      let before = young.updateValue(entry, forKey: name)
      size += entry.size - (before?.size ?? 0)
      return (dropped, before, old.removeValue(forKey: name))
    }
  }

  /// A part of the cache, with a lock of its own: threads seldom meet at one.
  private final class Part: Sendable {
    let generations = Mutex(Generations())
  }

  private let limit: Limit
  private let parts: [Part]

  /// - Parameter parts: how many locks there are; each part has its share of the limit.
  init(limit: Limit = Limit(), parts: Int = 16) {
    self.limit = Limit(entries: max(1, limit.entries / parts), bytes: limit.bytes / parts)
    self.parts = (0..<parts).map { _ in Part() }
  }

  func entry<D: Document>(_ type: D.Type, _ key: String) -> Entry? {
    let name = Name(type: ObjectIdentifier(type), key: key)
    let (entry, _) = part(of: name).generations.withLock { generations -> (Entry?, Any?) in
      if let entry = generations.young[name] { return (entry, nil) }
      guard let entry = generations.old.removeValue(forKey: name) else { return (nil, nil) }
      return (entry, generations.add(entry, name, limit))
    }
    return entry
  }

  func keep<D: Document>(_ entry: Entry, _ type: D.Type, _ key: String) {
    let name = Name(type: ObjectIdentifier(type), key: key)
    _ = part(of: name).generations.withLock { $0.add(entry, name, limit) }
  }

  func forget<D: Document>(_ type: D.Type, _ key: String) {
    let name = Name(type: ObjectIdentifier(type), key: key)
    _ = part(of: name).generations.withLock { generations -> (Entry?, Entry?) in
      let young = generations.young.removeValue(forKey: name)
      generations.size -= young?.size ?? 0
      return (young, generations.old.removeValue(forKey: name))
    }
  }

  private func part(of name: Name) -> Part {
    parts[Int(UInt(bitPattern: name.hashValue) % UInt(parts.count))]
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
