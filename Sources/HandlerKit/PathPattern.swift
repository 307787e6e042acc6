/// The path of a route with places left open, such as `/sessions/{id}`.
struct PathPattern: Hashable, Sendable, CustomStringConvertible {
  private let segments: [Substring]

  /// `nil` for a path that leaves nothing open.
  init?(_ path: String) {
    segments = path.split(separator: "/", omittingEmptySubsequences: false)
    guard segments.contains(where: Self.isOpen) else { return nil }
  }

  var description: String { segments.joined(separator: "/") }

  /// What `path` has in the open places, by their names; `nil` where it does not fit.
  func parameters(of path: String) -> [String: String]? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == segments.count else { return nil }
    var parameters: [String: String] = [:]
    for (segment, part) in zip(segments, parts) {
      guard Self.fits(segment, part) else { return nil }
      if Self.isOpen(segment) {
        parameters[String(segment.dropFirst().dropLast())] = String(part)
      }
    }
    return parameters
  }

  /// Whether some path fits both. The names of the open places make no difference.
  func overlaps(_ other: PathPattern) -> Bool {
    segments.count == other.segments.count
      && zip(segments, other.segments).allSatisfy { Self.fits($0, $1) || Self.fits($1, $0) }
  }

  private static func fits(_ segment: Substring, _ part: Substring) -> Bool {
    isOpen(segment) ? !part.isEmpty : segment == part
  }

  private static func isOpen(_ segment: Substring) -> Bool {
    segment.hasPrefix("{") && segment.hasSuffix("}")
  }
}
