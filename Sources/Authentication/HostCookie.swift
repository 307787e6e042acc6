public import ForeignInput
public import HTTPTypes
public import HandlerKit

/// A cookie that no script can read, and that only this host sets and gets, over TLS (RFC 6265; the
/// `__Host-` prefix of RFC 6265bis §4.1.3.2).
public struct HostCookie: Sendable {
  /// Holds a browser's refresh token.
  public static let refresh = HostCookie(name: "__Host-refresh")
  /// Holds a browser's name.
  public static let device = HostCookie(name: "__Host-device")

  private let name: String
  /// What stands before the value.
  private let start: [UInt8]

  private init(name: String) {
    self.name = name
    start = Array("\(name)=".utf8)
  }

  private static let attributes = "HttpOnly; Secure; SameSite=Strict; Path=/"

  /// The field that hands out `value`.
  ///
  /// - Parameter maxAge: seconds that the browser keeps it for; `nil` for as long as it runs.
  public func setting(_ value: String, maxAge: Int?) -> HTTPField {
    let age = maxAge.map { "; Max-Age=\($0)" } ?? ""
    return HTTPField(name: .setCookie, value: "\(name)=\(value); \(Self.attributes)\(age)")
  }

  /// The field that takes the cookie away.
  public var clearing: HTTPField { setting("", maxAge: 0) }

  /// The cookie's value, if this site's own page sent it; `nil` also where it came twice.
  public func value(of request: Request) -> ForeignText? {
    guard request.isFromOwnPage else { return nil }
    let values = valuesFromAnywhere(of: request)
    return values.count == 1 ? values[0] : nil
  }

  /// What came under the cookie's name, whatever made the browser send it: an image or a navigation
  /// says of no page of ours that it asked. For what changes nothing; that other sites cannot ask
  /// at all is due to `SameSite=Strict` alone.
  ///
  /// The header is taken apart as the bytes that a browser makes it of (RFC 6265 §5.4), so no other
  /// character passes for `;` or `=`, and a cookie without a name is none of ours.
  public func valuesFromAnywhere(of request: Request) -> [ForeignText] {
    guard let cookies = request.header(.cookie) else { return [] }
    return cookies.bytes.parts(between: ";").compactMap { cookie -> ForeignText? in
      let cookie = cookie.withoutOuterBlanks
      guard cookie.starts(with: start), cookie.count > start.count else { return nil }
      return ForeignText(cookie.dropFirst(start.count))
    }
  }
}
