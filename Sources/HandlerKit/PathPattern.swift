/// The path of a route with places left open, such as `/sessions/{id}`.
struct PathPattern: Hashable, Sendable {
  private let segments: [Substring]

  /// `nil` for a path that leaves nothing open.
  init?(_ path: String) {
    segments = path.split(separator: "/", omittingEmptySubsequences: false)
    guard segments.contains(where: Self.isOpen) else { return nil }
  }

  /// What `path` has in the open places, by their names; `nil` where it does not fit.
  func parameters(of path: String) -> [String: String]? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == segments.count else { return nil }
    var parameters: [String: String] = [:]
    for (segment, part) in zip(segments, parts) {
      if Self.isOpen(segment) {
        guard !part.isEmpty else { return nil }
        parameters[String(segment.dropFirst().dropLast())] = String(part)
      } else if segment != part {
        return nil
      }
    }
    return parameters
  }

  private static func isOpen(_ segment: Substring) -> Bool {
    segment.hasPrefix("{") && segment.hasSuffix("}")
  }
}
