import Foundation

/// A reader of foreign bytes, and what has to hold whatever they are.
protocol FuzzTarget: Sendable {
  static var name: String { get }
  /// Valid inputs to begin with.
  func seeds() throws -> [[UInt8]]
  /// What inputs are made of besides.
  var words: [String] { get }
  init() throws
  /// Reads `bytes`. What it throws, and what `fail` is told, are finds, and so are traps.
  func run(_ bytes: [UInt8]) throws
}

let allTargets: [any FuzzTarget.Type] = [
  ParametersTarget.self, ServiceTarget.self, BodyTarget.self, TokensTarget.self, KeysTarget.self,
  DocumentsTarget.self, SettingsTarget.self, RecordsTarget.self, PathsTarget.self,
  CookiesTarget.self, AssemblyTarget.self,
]

/// Ends the program: this input is a find.
func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data("found: \(message)\n".utf8))
  abort()
}

func require(_ condition: @autoclosure () throws -> Bool, _ message: @autoclosure () -> String)
  rethrows
{
  if try !condition() { fail(message()) }
}

/// The time of each input, so that it is read alike each time: 2027-01-15 08:00:00 UTC.
let now = Date(timeIntervalSince1970: 1_800_000_000)

extension [UInt8] {
  /// What stands before the first `separator`, and what stands behind it; all and nothing where there
  /// is none.
  func cut(at separator: UInt8) -> (first: [UInt8], rest: [UInt8]) {
    guard let index = firstIndex(of: separator) else { return (self, []) }
    return (Array(self[..<index]), Array(self[(index + 1)...]))
  }

  func lines(_ count: Int) -> [[UInt8]] {
    var lines = split(
      separator: UInt8(ascii: "\n"), maxSplits: count - 1, omittingEmptySubsequences: false
    ).map { Array($0) }
    while lines.count < count { lines.append([]) }
    return lines
  }

  /// Each byte as `%` and two digits.
  var percentEncoded: [UInt8] {
    flatMap { Array(("%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)).utf8) }
  }
}
