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
  ///
  /// The header is taken apart as the bytes that a browser makes it of (RFC 6265 §5.4), so no other
  /// character passes for `;` or `=`, and a cookie without a name is none of ours.
  public func value(of request: Request) -> ForeignText? {
    guard request.isFromOwnPage, let cookies = request.header(.cookie) else { return nil }
    let values = cookies.bytes.parts(between: ";").compactMap { cookie -> ForeignText? in
      let pair = cookie.withoutOuterBlanks.parts(between: "=", atMost: 2)
      guard pair.count == 2, pair[0].elementsEqual(name.utf8), !pair[1].isEmpty else { return nil }
      return ForeignText(pair[1])
    }
    return values.count == 1 ? values[0] : nil
  }
}
