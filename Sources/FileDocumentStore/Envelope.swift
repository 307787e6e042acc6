import Crypto
import DocumentStore
import FoundationEssentials

/// A document as it stands in its file: JSON that also says what it is and proves that it is whole.
///
/// ```json
/// {"version":1,"key":"alice","sha256":"9f86…","document":{…}}
/// ```
/// The digest is of the document's bytes as they stand there. So a torn write, a flipped bit,
/// another user's file and a newer format are all told from a good document.
enum Envelope {
  /// Bytes that a file may have: the largest document, and what is around it under any key.
  static let sizeLimit = DocumentCoder.sizeLimit + 1024

  static func seal<D: Document>(_ document: D, key: String) throws -> [UInt8] {
    let body = try DocumentCoder.encode(document, key: key)
    var bytes = head(key: key)
    bytes.reserveCapacity(bytes.count + body.count + 128)
    bytes += digest(of: body[...])
    bytes += middle
    bytes += body
    bytes += suffix
    return bytes
  }

  /// - Throws: `Damage` for bytes that `seal` did not write for this key.
  static func open<D: Document>(
    _ bytes: [UInt8], as type: D.Type, key: String
  ) throws(Damage) -> D {
    let head = head(key: key)
    let start = head.count + digestLength + middle.count
    guard bytes.count >= start + suffix.count, bytes.last == suffix.last else {
      throw Damage(reason: "cut short")
    }
    let body = bytes[start..<(bytes.count - suffix.count)]
    guard bytes.starts(with: head), bytes[head.count...].starts(with: digest(of: body)),
      bytes[(head.count + digestLength)...].starts(with: middle),
      bytes[body.endIndex...].elementsEqual(suffix)
    else {
      let known = bytes.starts(with: version)
      throw Damage(reason: known ? "key or digest differs" : "not a document of version 1")
    }
    guard let document = try? DocumentCoder.decode(type, from: body) else {
      throw Damage(reason: "not a document of \(type.collection)")
    }
    return document
  }

  struct Damage: Error {
    let reason: String
  }

  private static let version = Array(#"{"version":1,"#.utf8)
  private static let beforeKey = version + Array(#""key":"#.utf8)
  private static let afterKey = Array(#","sha256":""#.utf8)
  /// Digits of a digest.
  private static let digestLength = 2 * SHA256.byteCount
  private static let middle = Array(#"","document":"#.utf8)
  private static let suffix = Array("}\n".utf8)
  /// Not that of documents: it writes `\/` for a slash, and so it is in the files that there are.
  private static let keyEncoder = JSONEncoder()

  /// What stands before the digest.
  private static func head(key: String) -> [UInt8] { beforeKey + encoded(key) + afterKey }

  private static func encoded(_ key: String) -> [UInt8] {
    // Most keys are names and ids, which stand as they are: the encoder takes microseconds.
    let isPlain = key.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || byte == UInt8(ascii: "-")
    }
    let quote = [UInt8(ascii: "\"")]
    guard !isPlain, let encoded = try? keyEncoder.encode(key) else {
      return quote + key.utf8 + quote
    }
    return [UInt8](encoded)
  }

  private static func digest(of body: ArraySlice<UInt8>) -> [UInt8] {
    var hash = SHA256()
    body.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimalDigits
  }
}
