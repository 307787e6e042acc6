public import DocumentStore

/// A person who may sign in, kept as one document under the username.
public struct User: Document {
  public static let collection = "users"

  /// Never changes, and is never given to another user.
  public let id: String
  public let username: String
  public var profile: Profile
  /// Argon2id, with its parameters and its salt, as libsodium writes it; until the first sign-in of a
  /// user who was imported, any `StoredHash`.
  public var passwordHash: String
  /// How often the password was changed. A new hash of the same password does not count.
  public var passwordGeneration = 0
  /// How often all other sessions were ended. Documents of the first version do not say.
  var signOutsEverywhere: Int?
  /// Whether sign-in and refresh are refused.
  public var isDisabled = false

  /// Wrong passwords of strangers since the last sign-in or change of the password; `nil` for none.
  var strangersFailures: Int?
  var isOfDemo: Bool?

  /// Whether `postern demo` made the user, whose password is still that one.
  public var hasDemoPassword: Bool {
    get { isOfDemo ?? false }
    set { isOfDemo = newValue ? true : nil }
  }

  /// The groups as documents hold them. Those of earlier versions do not say.
  var groupNames: [String]?

  /// What the user belongs to: what applications and routes ask for. The order is the operator's.
  public var groups: [String] {
    get { groupNames ?? [] }
    set { groupNames = newValue.isEmpty ? nil : newValue }
  }

  /// Browsers that became known under a lower number are known no longer.
  public var browserGeneration: Int { passwordGeneration &+ (signOutsEverywhere ?? 0) }

  /// What the user wrote about themselves. A field that is not known is empty.
  public struct Profile: Codable, Equatable, Sendable {
    public var email: String
    public var firstName: String
    public var lastName: String
    public var gender: String
    public var phone: String
    public var city: String

    public init(
      email: String,
      firstName: String = "",
      lastName: String = "",
      gender: String = "",
      phone: String = "",
      city: String = ""
    ) {
      self.email = email
      self.firstName = firstName
      self.lastName = lastName
      self.gender = gender
      self.phone = phone
      self.city = city
    }
  }
}

/// A user as the HTTP interface shows them.
public struct PublicUser: Encodable, Equatable, Sendable {
  private let id, username, email, firstName, lastName, gender, phone, city: String

  public init(_ user: User) {
    id = user.id
    username = user.username
    email = user.profile.email
    firstName = user.profile.firstName
    lastName = user.profile.lastName
    gender = user.profile.gender
    phone = user.profile.phone
    city = user.profile.city
  }

  private enum CodingKeys: String, CodingKey {
    case id, username, email, gender, phone, city
    case firstName = "first_name"
    case lastName = "last_name"
  }
}
