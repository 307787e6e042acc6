public import DocumentStore
import ForeignInput

/// Documents like a user's, which are read and changed where there is no user.
///
/// There are several, so that names which do not exist wait for each other's locks no more than names
/// that do.
public struct Decoy: Document {
  public static let collection = "decoy"
  /// Under this one there is never anything.
  static let absentKey = "none"
  private static let count: UInt8 = 16

  private var user: User

  private init(user: User) { self.user = user }

  /// As the user's: reading and writing it cost the same.
  public init(from decoder: any Decoder) throws { user = try User(from: decoder) }

  public func encode(to encoder: any Encoder) throws { try user.encode(to: encoder) }

  /// The one that stands for accounts called so.
  static func key(of account: ForeignText) -> String {
    key(account.bytes.reduce(0, ^) % count)
  }

  private static func key(_ number: UInt8) -> String { "user-\(number)" }

  static func make(in documents: any DocumentStore) throws {
    let user = User(
      id: "00000000-0000-4000-8000-000000000000", username: "nobody",
      profile: .init(
        email: "nobody@example.com", firstName: "Nobody", lastName: "Nowhere", gender: "unknown",
        phone: "+1 555 0100", city: "Nowhere"),
      // As long as one of Argon2id.
      passwordHash: "$argon2id$v=19$m=19456,t=2,p=1$" + String(repeating: "A", count: 22) + "$"
        + String(repeating: "A", count: 43))
    for number in 0..<count {
      try documents.update(Decoy.self, key(number)) { $0 = $0 ?? Decoy(user: user) }
    }
  }

  /// Changes something whenever it is called, and never grows.
  mutating func countFailure() {
    user.strangersFailures = (user.strangersFailures ?? 0) % User.strangersFailureLimit + 1
  }
}
