import Accounts
import HTTPTypes
import HandlerKit

/// Whom a request comes from, as an application behind the web server is told.
struct Visitor: Equatable, Sendable {
  let id, username, email: String
  let groups: [String]
  let session: String

  init(_ user: User, session: String) {
    id = user.id
    username = user.username
    email = user.profile.email
    groups = user.groups
    self.session = session
  }

  var response: Response {
    var response = Response(
      status: .noContent,
      headers: [
        .xAuthUserID: headerText(id),
        .xAuthUsername: headerText(username),
        .xAuthEmail: headerText(email),
        .xAuthGroups: groups.joined(separator: ","),
        .xAuthSessionID: session,
      ])
    response.session = session
    return response
  }
}

/// The text with each byte of its UTF-8 that is no visible ASCII, and each `%`, percent-encoded
/// (RFC 3986 §2.1): a header has room for ASCII alone (RFC 9110 §5.5), and must have one reading.
func headerText(_ text: String) -> String {
  let isPlain: (UInt8) -> Bool = { 0x21...0x7e ~= $0 && $0 != UInt8(ascii: "%") }
  if text.utf8.allSatisfy(isPlain) { return text }
  var encoded: [UInt8] = []
  for byte in text.utf8 {
    if isPlain(byte) {
      encoded.append(byte)
    } else {
      encoded += [UInt8(ascii: "%"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
    }
  }
  return String(decoding: encoded, as: UTF8.self)
}

private let hexDigits = Array("0123456789ABCDEF".utf8)

extension HTTPField.Name {
  static let xAuthUserID = Self("X-Auth-User-Id")!
  static let xAuthUsername = Self("X-Auth-Username")!
  static let xAuthEmail = Self("X-Auth-Email")!
  static let xAuthGroups = Self("X-Auth-Groups")!
  static let xAuthSessionID = Self("X-Auth-Session-Id")!
  /// Why nobody is let through: the code of the problem details.
  static let xAuthError = Self("X-Auth-Error")!
}
