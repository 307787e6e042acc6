import ForeignInput
import Foundation

@testable import HandlerKit
@testable import Postern
@testable import PosternTesting

/// Three lines: the patterns of two routes, and a path with its query.
struct PathsTarget: FuzzTarget {
  static let name = "paths"

  private let router: Router

  init() throws {
    router = try wait { try await TestService().router }
  }

  func seeds() -> [[UInt8]] {
    [
      "/sessions/{id}\n/{a}/{b}\n/sessions/a%20b%2Fc?x=1&y=%C3%A9",
      "/{x}/edit\n/notes/{id}\n/notes/edit?group=a&group=b",
      "/a/{id}/b\n/a/{id}/c\n/a//b", "/{}\n/{\u{e9}}\n/%00?+",
    ].map { Array($0.utf8) }
  }

  let words = [
    "/{", "}/", "{}", "%2F", "%00", "%C3%A9", "%", "//", "/sessions/", "?", "&", "=", "+",
  ]

  func run(_ bytes: [UInt8]) throws {
    let lines = bytes.lines(3)
    let patterns = lines.prefix(2).compactMap { PathPattern(String(decoding: $0, as: UTF8.self)) }
    let (path, query) = lines[2].cut(at: UInt8(ascii: "?"))
    let fitting = patterns.filter { $0.parameters(of: ForeignText(path)) != nil }
    for pattern in patterns {
      require(pattern.overlaps(pattern), "\(pattern) does not overlap itself")
      if let parameters = pattern.parameters(of: ForeignText(path)) {
        require(pattern.mayFit(ForeignText(path).latin1), "it fits, and may not")
        try check(parameters, pattern)
      }
    }
    if patterns.count == 2 {
      require(
        patterns[0].overlaps(patterns[1]) == patterns[1].overlaps(patterns[0]), "one way alone")
      require(
        fitting.count < 2 || patterns[0].overlaps(patterns[1]), "both fit, and do not overlap")
    }
    _ = router.route(ofPath: ForeignText(path).latin1)
    check(query)
  }

  /// The path with these values in the open places has them.
  private func check(_ parameters: [String: String], _ pattern: PathPattern) throws {
    let parts = ForeignText(latin1: pattern.description).bytes.parts(between: "/")
    let open = parts.filter { $0.first == UInt8(ascii: "{") && $0.last == UInt8(ascii: "}") }
    // Of two places of one name, one counts.
    guard Set(open).count == open.count, parameters.count == open.count else { return }
    let filled = parts.map { part -> [UInt8] in
      guard open.contains(part) else { return Array(part) }
      let name = ForeignText(part.dropFirst().dropLast()).latin1
      return Array((parameters[name] ?? "").utf8).percentEncoded
    }
    let path = ForeignText(filled.joined(separator: [UInt8(ascii: "/")]))
    require(pattern.parameters(of: path) == parameters, "encoded again they differ")
  }

  private func check(_ query: [UInt8]) {
    guard let pairs = formPairList(query) else { return }
    let again = pairs.map { pair in
      pair.name.bytes.percentEncoded + [UInt8(ascii: "=")] + pair.value.bytes.percentEncoded
    }
    let decoded = formPairList(Array(again.joined(separator: [UInt8(ascii: "&")])))
    require(
      decoded?.map(\.name) == pairs.map(\.name) && decoded?.map(\.value) == pairs.map(\.value),
      "a query encoded again differs")
  }
}
