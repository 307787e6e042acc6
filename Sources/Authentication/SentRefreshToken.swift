public import ForeignInput
public import HandlerKit

/// A refresh token as a client sends it: the field `refreshToken` of the body, or where there is no
/// such field, the cookie of this site's own page.
public struct SentRefreshToken: Sendable {
  public let text: ForeignText
  /// Whether the answer belongs into the cookie, too.
  public let isCookie: Bool

  /// `nil` where there is none, or the field is empty or not text.
  public init?(in fields: BodyFields, of request: Request) {
    isCookie = !fields.contains("refreshToken")
    let sent = isCookie ? HostCookie.refresh.value(of: request) : fields["refreshToken"]
    guard let sent, !sent.isEmpty else { return nil }
    text = sent
  }
}
