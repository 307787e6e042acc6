import Foundation
import TestSupport
import XCTest

/// Two hosts on one store, each with a network and workers of its own, as `Tests/Hosts` makes them.
final class RaceHosts {
  private let process = Process()
  private let commands = Pipe()
  private let answers = Pipe()
  private var rest = ""
  /// Of each host, the socket of its service.
  private(set) var socketPaths: [String] = []
  /// Of all users.
  private(set) var password = ""

  private static let program = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Hosts")

  private struct Trouble: Error { let reason: String }

  /// Starts them, with the users `user1` to `user6`.
  /// - Throws: `XCTSkip` where this machine lets nobody have networks of their own.
  init(store: String, settings: [String: String]) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["python3", "-B", Self.program.path, store] + settings.map { "\($0)=\($1)" }
    process.standardInput = commands
    process.standardOutput = answers
    try process.run()
    let found = try answer()
    if let reason = found["skip"] as? String { throw XCTSkip(reason) }
    socketPaths = found["sockets"] as? [String] ?? []
    password = found["password"] as? String ?? ""
  }

  /// One of the commands of `Tests/Hosts`; returns when it is done.
  func command(_ name: String) throws {
    commands.fileHandleForWriting.write(Data("\(name)\n".utf8))
    guard try line() == "done" else { throw Trouble(reason: "\(name) was not done") }
  }

  /// Ends all. Returns whether each service ended as it was told to.
  func stop() -> Bool {
    try? commands.fileHandleForWriting.close()
    let statuses = socketPaths.map { _ in (try? answer()["status"] as? Int) ?? -1 }
    process.waitUntilExit()
    return statuses.allSatisfy { $0 == 0 }
  }

  private func answer() throws -> [String: Any] {
    let text = try line()
    let object = try? JSONSerialization.jsonObject(with: Data(text.utf8))
    guard let object = object as? [String: Any] else { throw Trouble(reason: text) }
    return object
  }

  private func line() throws -> String {
    while true {
      if let end = rest.firstIndex(of: "\n") {
        defer { rest = String(rest[rest.index(after: end)...]) }
        return String(rest[..<end])
      }
      let data = answers.fileHandleForReading.availableData
      guard !data.isEmpty else { throw Trouble(reason: "the hosts ended: \(rest)") }
      rest += String(decoding: data, as: UTF8.self)
    }
  }
}
