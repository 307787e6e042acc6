public import DocumentStore
public import FoundationEssentials

/// A document about as large as a user's sessions are, and which updates made it so.
public struct Ledger: Document {
  public static let collection = "ledgers"
  public var numbers: [Int]
  public var text: String
  public var endsAt: Date?

  public var expiry: Date? { endsAt }

  public init(
    numbers: [Int] = [], text: String = String(repeating: "x", count: 1000), endsAt: Date? = nil
  ) {
    self.numbers = numbers
    self.text = text
    self.endsAt = endsAt
  }
}

extension DocumentStore {
  public func append(_ number: Int, to key: String) throws {
    try update(Ledger.self, key) { ledger in
      var changed = ledger ?? Ledger()
      changed.numbers.append(number)
      ledger = changed
    }
  }

  public func numbers(_ key: String) throws -> [Int]? { try read(Ledger.self, key)?.numbers }
}
