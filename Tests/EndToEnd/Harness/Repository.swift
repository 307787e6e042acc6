import Foundation

/// What the tests take from the outside: the program under test and the repository's files.
enum Repository {
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The release of postern that `script/build` made.
  static func program() throws -> String {
    try program(named: "POSTERN_PROGRAM")
  }

  /// The release of `Examples/Notes` that `script/test` made.
  static func notesProgram() throws -> String {
    try program(named: "POSTERN_NOTES_PROGRAM")
  }

  /// A program that is built with the tests.
  static func builtProgram(_ name: String) -> String {
    URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent(name).path
  }

  private static func program(named variable: String) throws -> String {
    guard let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty else {
      throw Trouble("\(variable) does not name the program; script/test does that")
    }
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Trouble("\(variable) names \(path), which is no program")
    }
    return path
  }

  static func nginx() throws -> String {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for folder in folders.map(String.init) + ["/usr/sbin", "/usr/local/sbin"] {
      let path = "\(folder)/nginx"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    throw Trouble("nginx is not installed")
  }

  /// What stands in a text between fences of this name, those of this number of them.
  static func lines(of file: String, in fence: String, number: Int = 0) throws -> String {
    let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
    let parts = text.components(separatedBy: "```\(fence)\n").dropFirst()
    guard let part = parts.dropFirst(number).first, let end = part.range(of: "```") else {
      throw Trouble("\(file) has no \(fence) of number \(number)")
    }
    return String(part[..<end.lowerBound])
  }

  /// Whether tests may take longer and load the machine more.
  static var isLongRun: Bool {
    !(ProcessInfo.processInfo.environment["POSTERN_TEST_LONG"] ?? "").isEmpty
  }
}

/// The tests cannot go on.
struct Trouble: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension String {
  /// With each of these texts, which must be there, replaced by its value.
  func replacing(_ changes: [String: String]) throws -> String {
    try changes.reduce(self) { text, change in
      guard text.contains(change.key) else { throw Trouble("there is no \(change.key)") }
      return text.replacingOccurrences(of: change.key, with: change.value)
    }
  }
}
