import HTTPTypes
public import HandlerKit

/// The cookie that holds a browser's refresh token where no script can read it (RFC 6265; the
/// `__Host-` prefix ties it to this one host over TLS).
public enum RefreshCookie {
  private static let name = "__Host-refresh"
  private static let attributes = "HttpOnly; Secure; SameSite=Strict; Path=/"

  /// The value of `Set-Cookie` that hands out `token`.
  public static func setting(_ token: String) -> String {
    "\(name)=\(token); \(attributes)"
  }

  /// The value of `Set-Cookie` that takes the cookie away.
  public static let clearing = "\(name)=; \(attributes); Max-Age=0"

  /// The token of the request's cookie, if this site's own page sent it; else `nil`.
  public static func token(of request: Request) -> String? {
    guard isFromOwnPage(request), let cookies = request.headers[.cookie] else { return nil }
    let values = cookies.split(separator: ";").compactMap { cookie -> Substring? in
      let pair = cookie.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
      return pair.count == 2 && pair[0] == name ? pair[1] : nil
    }
    return values.count == 1 ? values.first.map(String.init) : nil
  }

  /// Whether a page of this site sent the request, and not by a form: a page of another site
  /// could make a browser send the cookie, but neither JSON nor this site's origin.
  ///
  /// The origin's host and port are compared with `Host`; its scheme is not, because the web
  /// server that ends TLS may stand before the one that we see.
  public static func isFromOwnPage(_ request: Request) -> Bool {
    guard BodyFields.isJSON(request) else { return false }
    guard let origin = request.headers[.origin] else {
      return request.headers[.secFetchSite] == "same-origin"
    }
    guard let host = request.headers[.ownHost], let scheme = origin.firstRange(of: "://") else {
      return false
    }
    return origin[scheme.upperBound...].lowercased() == host.lowercased()
  }
}

extension HTTPField.Name {
  fileprivate static let ownHost = Self("Host")!
  fileprivate static let secFetchSite = Self("Sec-Fetch-Site")!
}
