import Crypto
import DocumentStore
import ForeignInput

/// Where a document lies below the store's folder: `tokens/3f/alice.json`.
struct FileLayout {
  /// `tokens/3f`: one of 256 folders, by the key's hash, each with a lock of its own.
  let folder: String
  let collection: String
  /// `alice.json`: the key, percent-encoded, so that every name can be read back.
  let name: String

  var path: String { "\(folder)/\(name)" }

  static let lockName = ".lock"
  /// Of the files that older versions wrote a document into, before they gave it its name.
  static let temporaryPrefix = ".new-"
  static let sparePrefix = ".spare-"

  /// The spare file beside `alice.json`: `.spare-alice.json`.
  var spareName: String { Self.sparePrefix + name }

  init(collection: String, key: String) throws(DocumentStoreError) {
    try DocumentKey.validate(key)
    let hash = SHA256.hash(data: Array(key.utf8)).prefix(1)
    self.collection = collection
    self.folder = "\(collection)/\(hash.hexadecimal)"
    self.name = percentEncoded(key) + Self.suffix
  }

  /// The name of the document that a spare file belongs to; `nil` for any other file.
  static func document(ofSpare name: String) -> String? {
    name.hasPrefix(sparePrefix) ? String(name.dropFirst(sparePrefix.count)) : nil
  }

  /// The key that a file's name stands for; `nil` for a file that is no document.
  static func key(ofName name: String) -> String? {
    guard name.hasSuffix(suffix), let key = percentDecodedText(name.dropLast(suffix.count)),
      percentEncoded(key) + suffix == name
    else { return nil }
    return key
  }

  private static let suffix = ".json"
}

/// Keeps lower-case letters, digits, `-` and `_`; all else, upper case too, becomes `%` and two
/// digits. So no two keys share a name, not even where the file system ignores case.
private func percentEncoded(_ key: String) -> String {
  func isKept(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
  if key.utf8.allSatisfy(isKept) { return key }
  return key.utf8.reduce(into: "") { name, byte in
    if isKept(byte) {
      name.unicodeScalars.append(UnicodeScalar(byte))
    } else {
      name += "%" + [byte].hexadecimal
    }
  }
}
