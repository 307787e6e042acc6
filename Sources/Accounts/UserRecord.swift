/// A user as a file has them. What it does not say is `nil`, and stays as it is where there is the
/// user already.
public struct UserRecord: Equatable, Sendable {
  public let username: Username
  public var id: String?
  public var profile: [User.Profile.Field: String] = [:]
  public var groups: [GroupName]?
  public var isDisabled: Bool?

  public init(username: Username) {
    self.username = username
  }

  /// What an imported id may be: 1 to 64 letters, digits, dots, underscores and hyphens, so that it
  /// stands in a header as it is.
  public static func isID(_ text: String) -> Bool { GroupName(text) != nil }

  func apply(to user: inout User) {
    for (field, text) in profile { user.profile[field] = text }
    if let groups { user.groups = groups.map(\.text) }
    if let isDisabled { user.isDisabled = isDisabled }
  }
}

extension User.Profile {
  /// The fields by their names in files.
  public enum Field: String, CaseIterable, Sendable {
    case email, firstName, lastName, gender, phone, city
  }

  public subscript(field: Field) -> String {
    get { self[keyPath: Self.path(field)] }
    set { self[keyPath: Self.path(field)] = newValue }
  }

  private static func path(_ field: Field) -> WritableKeyPath<User.Profile, String> {
    switch field {
    case .email: \.email
    case .firstName: \.firstName
    case .lastName: \.lastName
    case .gender: \.gender
    case .phone: \.phone
    case .city: \.city
    }
  }

  /// Whether this is enough of an e-mail address: an @, no control characters, at most 254 bytes.
  public static func isEmail(_ text: String) -> Bool {
    text.contains("@") && text.utf8.count <= 254
      && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}
