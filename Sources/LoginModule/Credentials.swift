import Accounts
import HandlerKit
import Tokens

/// What a sign-in sends.
struct Credentials {
  /// `nil` for a name that nobody can have.
  let username: Username?
  /// `nil` for a password that nobody can have.
  let password: Password?
  let fingerprint: String?
  /// Whether the refresh token shall come as a cookie.
  let wantsCookie: Bool

  /// - Throws: 400 for missing or unreadable fields; 403 where a page of another site asks for a
  ///   cookie, which would sign the browser's owner in as somebody else.
  init(_ request: Request) throws(HTTPError) {
    let invalid = "Please enter valid data!"
    let fields = try BodyFields(of: request, unparsable: invalid)
    guard let username = fields["username"], !username.isEmpty,
      let password = fields["password"], !password.isEmpty,
      fields["fingerprint"] != nil || !fields.contains("fingerprint")
    else { throw .badRequest(invalid) }
    self.username = Username(username)
    self.password = Password(password)
    fingerprint = fields["fingerprint"]
    wantsCookie = fields["session"] == "cookie"
    guard !wantsCookie || RefreshCookie.isFromOwnPage(request) else {
      throw HTTPError(.forbidden, code: "access_forbidden", message: "Access is forbidden")
    }
  }
}
