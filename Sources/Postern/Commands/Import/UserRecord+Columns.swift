import Accounts
import RecordFiles

extension UserRecord {
  private static let profileColumns = User.Profile.Field.allCases.map(\.rawValue)
  static let exportedColumns =
    ["username", "id"] + profileColumns + ["groups", "disabled", "passwordHash"]
  static let columns = exportedColumns + ["password"]

  /// - Throws: `RecordError` for what cannot be a user.
  init(_ record: Record) throws(RecordError) {
    guard let name = try record.filledText("username") else {
      throw record.fault("username is missing")
    }
    guard let username = Username(name) else {
      throw record.fault(
        "username has not 1 to 64 bytes, or has spaces, control or invisible characters")
    }
    self.init(username: username)
    if let id = try record.filledText("id") {
      guard Self.isID(id) else {
        throw record.fault("id has not 1 to 64 letters, digits, dots, underscores and hyphens")
      }
      self.id = id
    }
    for field in User.Profile.Field.allCases {
      guard let text = try record.text(field.rawValue) else { continue }
      guard field != .email || User.Profile.isEmail(text) else {
        throw record.fault("email has no @, or control characters, or over 254 bytes")
      }
      profile[field] = text
    }
    groups = try Self.groups(record)
    isDisabled = try record.truth("disabled")
  }

  private static func groups(_ record: Record) throws(RecordError) -> [GroupName]? {
    guard let names = try record.list("groups") else { return nil }
    do {
      return try GroupName.list(names)
    } catch {
      throw record.fault("groups: \(error)")
    }
  }
}

extension Record {
  /// What an export has of a user.
  init(_ user: User) {
    var values: [String: Value] = [
      "username": .text(user.username), "id": .text(user.id), "groups": .list(user.groups),
      "disabled": .truth(user.isDisabled), "passwordHash": .text(user.passwordHash),
    ]
    for field in User.Profile.Field.allCases {
      values[field.rawValue] = .text(user.profile[field])
    }
    self.init(line: 0, values: values)
  }
}
