import Accounts
import Authentication
import ForeignInput
import HandlerKit
import Sessions
import Tokens

/// What a sign-in sends.
struct Credentials {
  /// The name as it was sent, or in its one form where it has one: what failures are counted under.
  let account: ForeignText
  /// `nil` for a name that no user can have.
  let username: Username?
  /// `nil` for a password that no user can have.
  let password: Password?
  let fingerprint: String?
  /// The name that this browser was given by an earlier sign-in.
  let browser: ForeignText?
  /// Whether the refresh token is to come as a cookie.
  let wantsCookie: Bool
  /// Whether the browser is to keep that cookie when it ends.
  let isRemembered: Bool
  /// Whether the browser's name is to come in the body: the client keeps no cookies.
  let wantsBrowserName: Bool

  /// - Throws: 400 for missing or unreadable fields; 403 where a page of another site asks for a
  ///   cookie, which would sign the browser's owner in as somebody else.
  init(_ request: Request) throws(HTTPError) {
    let fields = try BodyFields(of: request)
    func optional(_ name: ForeignText) throws(HTTPError) -> ForeignText? {
      guard fields.contains(name) else { return nil }
      guard let text = fields[name] else { throw .invalidData }
      return text
    }
    guard let username = fields["username"], !username.isEmpty,
      let password = fields["password"], !password.isEmpty
    else { throw .invalidData }
    self.username = username.string(limit: Username.longestTyped).flatMap(Username.init)
    account = self.username.map { ForeignText($0.text) } ?? username
    self.password = password.string(limit: Password.sizes.upperBound).flatMap { Password($0) }
    fingerprint = try optional("fingerprint").map { text throws(HTTPError) in
      guard let text = text.string(limit: Device.longestFingerprint) else { throw .invalidData }
      return text
    }
    let browser = try optional("device")
    wantsBrowserName = browser != nil
    self.browser = browser ?? HostCookie.device.value(of: request)
    wantsCookie = fields["session"] == "cookie"
    let remember = fields.truth("remember")
    guard remember != nil || !fields.contains("remember") else { throw .invalidData }
    isRemembered = remember ?? true
    guard !wantsCookie || request.isFromOwnPage else {
      throw HTTPError(.forbidden, code: "access_forbidden", message: "Access is forbidden")
    }
  }
}
