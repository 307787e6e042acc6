import Crypto
public import DocumentStore
import FoundationEssentials

/// The one link by which a user may choose a password without knowing one, kept under the username.
public struct PasswordLink: Document {
  public static let collection = "links"

  /// A later user of the same name has another id.
  let userID: String
  /// The user's when the link was made. A password that is set, by the link or otherwise, raises the
  /// user's, and so the same write that sets it uses up the link.
  let passwordGeneration: Int
  /// SHA-256 of the secret.
  let digest: Data
  let expiresAt: Date
  public var expiry: Date? { expiresAt }

  /// Takes the same time whatever differs.
  func isFound(by token: LinkToken) -> Bool { SHA256.hash(data: token.secret) == digest }

  func isGood(for user: User, at time: Date) -> Bool {
    time < expiresAt && user.id == userID && user.passwordGeneration == passwordGeneration
      && !user.isDisabled
  }
}

/// What stands behind the `#` of a link: `<username in base64url>.<secret>`. Does not print.
struct LinkToken: Sendable, CustomStringConvertible, CustomReflectable {
  let username: Username
  /// 256 bits in base64url.
  let secret: Data

  var description: String { "(token)" }
  var customMirror: Mirror { Mirror(self, children: []) }

  /// In bytes: a name of 64, the period and a secret of 32.
  static let longest = 86 + 1 + 43

  init(for username: Username) {
    self.username = username
    secret = Data(Base64.url.encoded(randomBytes(32)).utf8)
  }

  /// `nil` for a text that no link has.
  init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].utf8.count == 43, let name = Base64.url.decoded(parts[0]),
      let username = Username(String(decoding: name, as: UTF8.self))
    else { return nil }
    self.username = username
    secret = Data(parts[1].utf8)
  }

  /// What is kept of it.
  var digest: Data { Data(SHA256.hash(data: secret)) }

  var text: String {
    Base64.url.encoded(Array(username.text.utf8)) + "." + String(decoding: secret, as: UTF8.self)
  }
}
