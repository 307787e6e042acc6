public import DocumentStore

/// A document like a user's, which is read where there is no user.
public struct Decoy: Document {
  public static let collection = "decoy"
  static let key = "user"
  /// Under this one there is never anything.
  static let absentKey = "none"

  private let user: User

  static func make(in documents: any DocumentStore) throws {
    let user = User(
      id: "00000000-0000-4000-8000-000000000000", username: "nobody",
      profile: .init(
        email: "nobody@example.com", firstName: "Nobody", lastName: "Nowhere", gender: "unknown",
        phone: "+1 555 0100", city: "Nowhere"),
      // As long as one of Argon2id.
      passwordHash: "$argon2id$v=19$m=19456,t=2,p=1$" + String(repeating: "A", count: 22) + "$"
        + String(repeating: "A", count: 43))
    try documents.update(Decoy.self, key) { $0 = Decoy(user: user) }
  }
}
