import FoundationEssentials
import SortedJSON

/// Documents as bytes, the same in every engine: JSON with sorted keys and dates in seconds since
/// 1970.
public enum DocumentCoder {
  /// Bytes that a document may have.
  public static let sizeLimit = 1 << 20

  /// - Parameter key: the document's, for the error.
  /// - Throws: `DocumentStoreError.tooLarge`; `EncodingError` for a value that is not of JSON, such
  ///   as a number that is infinite.
  public static func encode<D: Document>(_ document: D, key: String) throws -> [UInt8] {
    let bytes = try encoder.encode(document)
    guard bytes.count <= sizeLimit else {
      throw DocumentStoreError.tooLarge(collection: D.collection, key: key, size: bytes.count)
    }
    return bytes
  }

  /// - Throws: an error for bytes that are no document of this type. It may hold parts of them: an
  ///   engine throws `DocumentStoreError.damaged` in its place.
  public static func decode<D: Document>(
    _ type: D.Type, from bytes: some Sequence<UInt8>
  ) throws -> D {
    try decoder.decode(type, from: Data(bytes))
  }

  private static let encoder = SortedJSONEncoder(dates: .secondsSince1970)

  private static let decoder: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .secondsSince1970
    return decoder
  }()
}
