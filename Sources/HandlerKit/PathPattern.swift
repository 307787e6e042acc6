import ForeignInput

/// The path of a route with places left open, such as `/sessions/{id}`.
struct PathPattern: Hashable, Sendable, CustomStringConvertible {
  private let segments: [ForeignText]
  /// What stands in front of the first open place.
  private let start: String

  /// `nil` for a path that leaves nothing open.
  init?(_ path: String) {
    segments = Self.segments(of: ForeignText(path))
    guard segments.contains(where: Self.isOpen) else { return nil }
    start = segments.prefix { !Self.isOpen($0) }.map { $0.latin1 + "/" }.joined()
  }

  /// Whether a look at the start of `path` leaves it open that it fits; costs next to nothing.
  func mayFit(_ path: String) -> Bool { path.utf8.starts(with: start.utf8) }

  var description: String { segments.map(\.latin1).joined(separator: "/") }

  /// What `path` has in the open places, by their names, percent-decoded; `nil` where it does not
  /// fit. A broken escape fits nothing, nor do bytes that are not UTF-8.
  func parameters(of path: ForeignText) -> [String: String]? {
    let parts = Self.segments(of: path)
    guard parts.count == segments.count else { return nil }
    var parameters: [String: String] = [:]
    for (segment, part) in zip(segments, parts) {
      guard Self.fits(segment, part) else { return nil }
      if Self.isOpen(segment) {
        guard let value = percentDecoded(part.bytes, plusIsSpace: false) else { return nil }
        parameters[ForeignText(segment.bytes.dropFirst().dropLast()).latin1] =
          String(decoding: value.bytes, as: UTF8.self)
      }
    }
    return parameters
  }

  /// Whether some path fits both. The names of the open places make no difference.
  func overlaps(_ other: PathPattern) -> Bool {
    segments.count == other.segments.count
      && zip(segments, other.segments).allSatisfy { Self.fits($0, $1) || Self.fits($1, $0) }
  }

  private static func segments(of path: ForeignText) -> [ForeignText] {
    path.bytes.parts(between: "/").map { ForeignText($0) }
  }

  private static func fits(_ segment: ForeignText, _ part: ForeignText) -> Bool {
    isOpen(segment) ? !part.isEmpty : segment == part
  }

  private static func isOpen(_ segment: ForeignText) -> Bool {
    segment.bytes.first == UInt8(ascii: "{") && segment.bytes.last == UInt8(ascii: "}")
  }
}
