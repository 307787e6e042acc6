import ForeignInput
import HTTPTypes

extension Request {
  /// Whether a page of this site sent the request, and not by a form: a page of another site
  /// could make a browser send a cookie, but neither JSON nor this site's origin.
  ///
  /// The origin's host and port are those of `Host`. Its scheme may be `http` or `https`, because
  /// the web server that ends TLS may stand before the one that we see.
  public var isFromOwnPage: Bool { BodyFields.isJSON(self) && isFromOwnOrigin }

  /// Whether a page of this site sent the request, be it by a form. Enough where there is no body,
  /// with a method that no form has.
  public var isFromOwnOrigin: Bool {
    guard let origin = header(.origin) else { return header(.secFetchSite) == "same-origin" }
    guard let host = header(.ownHost), !host.isEmpty else { return false }
    return ["http://", "https://"].contains { scheme in
      origin.bytes.lowercasedASCII == Array(scheme.utf8) + host.bytes.lowercasedASCII
    }
  }
}

extension HTTPField.Name {
  static let ownHost = Self("Host")!
  static let secFetchSite = Self("Sec-Fetch-Site")!
}
