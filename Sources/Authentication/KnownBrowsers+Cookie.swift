public import HTTPTypes
public import HandlerKit
public import Tokens

extension KnownBrowsers {
  /// The cookie that names the browser of `request`, whose user has just made all browsers strangers
  /// by way of it: it stays known itself, and by the name that it has.
  public func renewedCookie(
    forUser id: String, generation: Int, in request: Request
  ) throws -> HTTPField {
    let known = HostCookie.device.value(of: request).flatMap { recognize($0, at: request.time) }
    return HostCookie.device.setting(
      try name(forUser: id, generation: generation, known: known, at: request.time),
      maxAge: Self.lifetime)
  }
}
