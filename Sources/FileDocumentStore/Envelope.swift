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
    return try prefix(key: key, body: body) + body + suffix
  }

  /// - Throws: `Damage` for bytes that `seal` did not write for this key.
  static func open<D: Document>(_ bytes: [UInt8], as type: D.Type, key: String) throws -> D {
    let length = try prefix(key: key, body: []).count
    guard bytes.count >= length + suffix.count, bytes.last == suffix.last else {
      throw Damage(reason: "cut short")
    }
    let body = Array(bytes[length..<(bytes.count - suffix.count)])
    guard bytes.starts(with: try prefix(key: key, body: body)),
      bytes.suffix(suffix.count).elementsEqual(suffix)
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
  private static let suffix = Array("}\n".utf8)
  /// Not that of documents: it writes `\/` for a slash, and so it is in the files that there are.
  private static let keyEncoder = JSONEncoder()

  private static func prefix(key: String, body: [UInt8]) throws -> [UInt8] {
    let encodedKey = try [UInt8](keyEncoder.encode(key))
    let digest = SHA256.hash(data: body).hexadecimal
    return version + Array(#""key":"#.utf8) + encodedKey
      + Array(#","sha256":"\#(digest)","document":"#.utf8)
  }
}
