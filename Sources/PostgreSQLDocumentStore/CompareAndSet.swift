import DocumentStore
import FoundationEssentials

/// One statement that changes a document where it still has the version that was read.
struct CompareAndSet {
  let statement: String
  let parameters: [PostgreSQLConnection.Parameter]

  private init(
    _ statement: String, _ collection: String, _ key: String,
    _ more: [PostgreSQLConnection.Parameter]
  ) {
    self.statement = statement
    parameters = [.text(collection), .bytes(Array(key.utf8))] + more
  }

  init(
    _ collection: String, _ key: String, _ new: StoredDocument?, _ expiresAt: Date?,
    insteadOf old: String?
  ) {
    let values = new.map { new -> [PostgreSQLConnection.Parameter] in
      [
        .text(new.version),
        .text(String(decoding: JSONText.stored(new.bytes), as: UTF8.self)),
        .text(expiresAt.map { "\($0.timeIntervalSince1970)" }),
      ]
    }
    switch (values, old) {
    case (nil, let old):
      self.init(
        "delete from postern_documents where collection = $1 and key = $2 and version = $3",
        collection, key, [.text(old)])
    case (let values?, nil):
      self.init(
        """
        insert into postern_documents (collection, key, version, document, expires)
        values ($1, $2, $3, $4, to_timestamp($5::float8)) on conflict do nothing
        """, collection, key, values)
    case (let values?, let old?):
      self.init(
        """
        update postern_documents set version = $3, document = $4, expires = to_timestamp($5::float8)
        where collection = $1 and key = $2 and version = $6
        """, collection, key, values + [.text(old)])
    }
  }

  /// Writes what is there once more: when it is answered, all that came before is as durable.
  static func again(_ collection: String, _ key: String, _ version: String) -> CompareAndSet {
    CompareAndSet(
      """
      update postern_documents set version = version
      where collection = $1 and key = $2 and version = $3
      """, collection, key, [.text(version)])
  }
}
