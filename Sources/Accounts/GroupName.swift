/// A group's name: 1 to 64 of the letters, digits, `.`, `_` and `-` of ASCII, so that it stands in a
/// header's list and in a query as it is. `Ops` and `ops` are two groups.
public struct GroupName: Hashable, Sendable, CustomStringConvertible {
  public let text: String

  public var description: String { text }

  /// Bytes that the names of a user's groups may have together, with a comma between each two: an
  /// access token holds them all.
  public static let longestList = 1024

  /// `nil` for a name that no group can have.
  public init?(_ name: String) {
    guard 1...64 ~= name.utf8.count, name.utf8.allSatisfy(isNameCharacter) else { return nil }
    text = name
  }
}

private func isNameCharacter(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
    UInt8(ascii: "-"):
    true
  default: false
  }
}

extension GroupName {
  /// Names for the groups of one user, each once, in their order.
  /// - Throws: `UnfitGroups`
  public static func list(_ names: [String]) throws(UnfitGroups) -> [GroupName] {
    var checked: [GroupName] = []
    for name in names {
      guard let group = GroupName(name) else { throw .name }
      if !checked.contains(group) { checked.append(group) }
    }
    guard checked.map(\.text).joined(separator: ",").utf8.count <= longestList else {
      throw .tooLong
    }
    return checked
  }
}

/// Why a user cannot be in groups of these names.
public enum UnfitGroups: Error, Equatable, CustomStringConvertible {
  case name
  case tooLong

  public var description: String {
    switch self {
    case .name: "a group's name has 1 to 64 letters, digits, dots, underscores and hyphens"
    case .tooLong:
      "the names of a user's groups have at most \(GroupName.longestList) bytes together"
    }
  }
}
