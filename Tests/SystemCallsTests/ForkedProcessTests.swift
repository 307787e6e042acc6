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

  private typealias Fork = @convention(c) () -> pid_t

  /// Swift does not offer it, since what other threads hold stays held for ever in the child.
  private func systemFork() throws -> Fork {
    unsafeBitCast(try XCTUnwrap(dlsym(nil, "fork")), to: Fork.self)
  }

  func testJ16_idsOfForkedProcessesDiffer() throws {
    let fork = try systemFork()
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

  func testJ16_withoutAnySourceOfRandomBytesThereIsNoID() throws {
    let fork = try systemFork()
    for isBroken in [false, true] {
      let child = fork()
      if child == 0 {
        if isBroken, !Self.loseRandomBytes() { _exit(3) }
        _exit(System.randomID().isEmpty ? 2 : 0)
      }
      var status: Int32 = 0
      XCTAssertEqual(waitpid(child, &status, 0), child)
      // Ended by a signal, or by itself.
      XCTAssertEqual(status & 0x7f != 0, isBroken, "\(status)")
      if !isBroken { XCTAssertEqual(status, 0) }
    }
  }

  /// From now on getrandom(2) fails in this process (seccomp(2)), and no file can be opened.
  private static func loseRandomBytes() -> Bool {
    #if arch(x86_64)
      let getrandom: UInt64 = 318
    #else
      let getrandom: UInt64 = 278
    #endif
    // Each a `struct sock_filter`: code, two jumps, a number. The call's number; is it getrandom's?
    // Then the error EIO, else go on.
    let filter: [UInt64] = [
      0x20, 0x15 | 1 << 24 | getrandom << 32, 0x06 | (0x0005_0000 | 5) << 32,
      0x06 | 0x7fff_0000 << 32,
    ]
    // Swift cannot call functions of any number of arguments.
    guard let symbol = dlsym(nil, "prctl") else { return false }
    typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
    let prctl = unsafeBitCast(symbol, to: Control.self)
    return filter.withUnsafeBytes { filter in
      // A `struct sock_fprog`: how many, and where.
      let program = [UInt(4), UInt(bitPattern: filter.baseAddress)]
      var none = rlimit(rlim_cur: 0, rlim_max: 0)
      let isFiltered = program.withUnsafeBytes { program in
        prctl(38 /* PR_SET_NO_NEW_PRIVS */, 1, 0, 0, 0) == 0
          && prctl(22 /* PR_SET_SECCOMP */, 2, UInt(bitPattern: program.baseAddress), 0, 0) == 0
      }
      return isFiltered
        && setrlimit(__rlimit_resource_t(7 /* RLIMIT_NOFILE */), &none) == 0
    }
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
