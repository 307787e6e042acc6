import Accounts
import DocumentStore
import ForeignInput
import FoundationEssentials
import Sessions
import Tokens

/// A user as `user list --json` and `user show` have them: without the password's hash.
struct ShownUser: Encodable {
  let id, username, email, firstName, lastName, gender, phone, city: String
  let groups: [String]
  let disabled: Bool
  /// How the password is hashed; `nil` where no sign-in is possible with what is stored.
  let password: String?
  // What `user show` knows, too.
  var sessions: Int?
  /// When the one-time link expires, where there is one.
  var linkExpiresAt: Date?
  /// How many seconds strangers have to wait until they may try a password, where they have to.
  var strangersWait: Int?

  init(_ user: User) {
    id = user.id
    username = user.username
    email = user.profile.email
    firstName = user.profile.firstName
    lastName = user.profile.lastName
    gender = user.profile.gender
    phone = user.profile.phone
    city = user.profile.city
    groups = user.groups
    disabled = user.isDisabled
    password = (try? StoredHash(user.passwordHash))?.description
  }

  /// - Throws: `DocumentStoreError`; what keeps `keys.json` from being read.
  init(
    _ user: User, in documents: any DocumentStore, _ configuration: PosternConfiguration,
    at time: Date
  ) throws {
    self.init(user)
    sessions = try SessionStore(documents: documents, policy: configuration.sessions)
      .sessions(ofUser: user.id, at: time).count
    linkExpiresAt = try PasswordLinks(documents: documents).expiry(ofLinkFor: user, at: time)
    // Without keys nothing was counted, and a look makes none.
    if configuration.isThrottleEnabled, try Services.hasKeys(configuration) {
      let throttle = Throttle(documents: documents, keys: try Services.keys(configuration))
      strangersWait = try throttle.wait(ofStrangersAt: ForeignText(user.username), time: time)
    }
  }

  /// A name and a value a line; what is empty is left out.
  var lines: [(name: String, value: String)] {
    let profile = [
      ("email", email), ("first name", firstName), ("last name", lastName), ("gender", gender),
      ("phone", phone), ("city", city),
    ].filter { !$0.1.isEmpty }
    let account = [
      ("groups", groups.joined(separator: ", ")),
      ("disabled", disabled ? "yes" : "no"),
      ("password", password ?? "no hash that can be used"),
      ("sessions", sessions.map { "\($0)" } ?? ""),
      ("link", linkExpiresAt.map { "good until \($0.formatted(.iso8601))" } ?? ""),
      ("throttle", strangersWait.map { "strangers wait \($0) s" } ?? ""),
    ].filter { !$0.1.isEmpty }
    return [("username", username), ("id", id)] + profile + account
  }
}
