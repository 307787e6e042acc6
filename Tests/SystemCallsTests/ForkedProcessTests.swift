import Foundation
import Glibc
import TestSupport
import XCTest

@testable import SystemCalls

/// Processes that were one until a moment ago.
final class ForkedProcessTests: TemporaryFolderTestCase {
  private static let processes = 8
  /// With `POSTERN_TEST_LONG`, ten million ids.
  private static let ids =
    ProcessInfo.processInfo.environment["POSTERN_TEST_LONG"] == nil
    ? 400_000 : 10_000_000

  func testJ16_idsOfForkedProcessesDiffer() throws {
    // Swift does not offer it, since what other threads hold stays held for ever in the child.
    let symbol = try XCTUnwrap(dlsym(nil, "fork"))
    let fork = unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
    // What a copied generator has drawn by now, and would go on from.
    _ = System.randomID()
    let files = (0..<Self.processes).map { "\(folder)/\($0)" }
    let children = files.map { file in
      let child = fork()
      if child == 0 { Self.writeIDs(Self.ids / Self.processes, to: file) }
      return child
    }
    for child in children {
      var status: Int32 = 0
      XCTAssertEqual(waitpid(child, &status, 0), child)
      XCTAssertEqual(status, 0)
    }
    let sort = Process()
    let output = Pipe()
    sort.executableURL = URL(fileURLWithPath: "/bin/sh")
    sort.arguments = ["-c", #"LC_ALL=C sort -u "$@" | wc -l"#, "sort"] + files
    sort.currentDirectoryURL = URL(fileURLWithPath: folder)
    sort.standardOutput = output
    try sort.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    sort.waitUntilExit()
    XCTAssertEqual(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), Self.ids)
  }

  /// One a line. In the child: ends it.
  private static func writeIDs(_ count: Int, to file: String) -> Never {
    let descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    var lines: [UInt8] = []
    for number in 1...count {
      lines += System.randomID().utf8
      lines.append(UInt8(ascii: "\n"))
      guard number % 1_000 == 0 || number == count else { continue }
      guard write(descriptor, lines, lines.count) == lines.count else { _exit(1) }
      lines.removeAll(keepingCapacity: true)
    }
    _exit(0)
  }
}
