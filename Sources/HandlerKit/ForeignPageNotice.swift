import FoundationEssentials
import HTTPTypes
public import Logging
import Synchronization

/// Tells the operator of a `Host` that is not what the browser sent: a proxy before the web server
/// has changed it, and no page of this site counts as its own any more.
///
/// To the client it is a refusal like others. Anybody who can send requests can cause the line, so there
/// is one a minute at most.
public final class ForeignPageNotice: RequestObserver {
  private static let pause: TimeInterval = 60

  private let logger: Logger
  private let last = Mutex<Date?>(nil)

  public init(logger: Logger) {
    self.logger = logger
  }

  public func observe(_ request: Request, _ response: Response, _ outcome: RequestOutcome) {
    guard response.status == .forbidden, request.isFromOwnPageByAnotherName else { return }
    let isDue = last.withLock { last in
      if let last, abs(request.time.timeIntervalSince(last)) < Self.pause { return false }
      last = request.time
      return true
    }
    guard isDue else { return }
    logger.warning(
      "a page was refused the cookie: its Origin is not http:// or https:// with this Host; does a proxy change Host?",
      metadata: [
        "request": "\(request.id)", "origin": "\(request.hostLike(.origin))",
        "host": "\(request.hostLike(.ownHost))",
      ])
  }
}

extension Request {
  /// Whether the browser says that the request is of this site's page, or is too old to say, and
  /// only `Host` says otherwise.
  fileprivate var isFromOwnPageByAnotherName: Bool {
    guard BodyFields.isJSON(self), header(.origin) != nil, !isFromOwnOrigin else { return false }
    let site = header(.secFetchSite)
    return site == nil || site == "same-origin"
  }

  /// A header that should hold no more than a scheme, a host and a port; `-` where it holds
  /// anything else, which a log has no use for.
  fileprivate func hostLike(_ name: HTTPField.Name) -> String {
    guard let text = header(name)?.string(limit: 267), !text.isEmpty,
      text.utf8.allSatisfy(isOfOrigin)
    else { return "-" }
    return text
  }
}

/// What origins and hosts are made of (RFC 3986 §3.2.2), without percent-encoding.
private func isOfOrigin(_ character: UInt8) -> Bool {
  switch character {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  default: "-._~:/[]".utf8.contains(character)
  }
}
