import CLinux
import Foundation
import TestSupport
import XCTest

@testable import SystemCalls

final class ProcessTests: TemporaryFolderTestCase {
  /// Waits for the one child that a test has.
  private func end(of process: pid_t) throws -> ProcessEnd? {
    for _ in 0..<20_000 {
      if let ended = try System.endedChild() {
        XCTAssertEqual(ended.process, process)
        return ended.end
      }
      usleep(500)
    }
    return nil
  }

  private func runShell(_ script: String, descriptors: [Int32: FileDescriptor] = [:]) throws
    -> ProcessEnd?
  {
    let process = try System.spawn(
      "/bin/sh", arguments: ["-c", script], descriptors: descriptors)
    return try end(of: process)
  }

  func testEndTellsStatusOrSignal() throws {
    XCTAssertEqual(try runShell("exit 0"), .exited(status: 0))
    XCTAssertEqual(try runShell("exit 255"), .exited(status: 255))
    XCTAssertEqual(try runShell("kill -9 $$"), .killed(signal: SIGKILL))
    XCTAssertEqual(try runShell("kill -15 $$"), .killed(signal: SIGTERM))
  }

  func testNoChildIsNil() throws {
    XCTAssertNil(try System.endedChild())
  }

  func testRunningChildIsNilAndCanBeSentASignal() throws {
    let process = try System.spawn("/bin/sleep", arguments: ["60"], descriptors: [:])
    XCTAssertNil(try System.endedChild())
    System.send(SIGTERM, to: process)
    XCTAssertEqual(try end(of: process), .killed(signal: SIGTERM))
    System.send(SIGTERM, to: process)
  }

  func testMissingProgramIsAnError() {
    XCTAssertThrowsError(
      try System.spawn("\(folder)/missing", arguments: [], descriptors: [:])
    ) { XCTAssertEqual($0 as? SystemCallError, SystemCallError(call: "posix_spawn", code: ENOENT)) }
  }

  func testArgumentsArriveAsTheyAre() throws {
    let output = "\(folder)/output"
    let process = try System.spawn(
      "/bin/sh", arguments: ["-c", #"printf '%s|' "$@" > "$0""#, output, "a b", "", "$HOME", "é"],
      descriptors: [:])
    XCTAssertEqual(try end(of: process), .exited(status: 0))
    XCTAssertEqual(try String(contentsOfFile: output, encoding: .utf8), "a b||$HOME|é|")
  }

  func testF21_childHasTheGivenDescriptorsAndNoneElse() throws {
    let (read, write) = try System.pipe()
    let plain = Glibc.open("/dev/null", O_RDONLY)  // Without O_CLOEXEC, as other code may open it.
    let ours: [Any] = [
      try System.open(folder, O_RDONLY), try System.streamSocket(),
      try EventQueue(), try StopFlag(), read, write,
      FileDescriptor(plain),
    ]
    let output = "\(folder)/output"
    let script = """
      exec > \(output)
      for n in $(seq 0 300); do [ -e /proc/$$/fd/$n ] && echo $n; done; true
      """
    XCTAssertEqual(try runShell(script, descriptors: [0: read, 3: write]), .exited(status: 0))
    XCTAssertEqual(try String(contentsOfFile: output, encoding: .utf8), "0\n1\n2\n3\n")
    withExtendedLifetime(ours) {}
  }

  func testDescriptorMayKeepItsOwnNumber() throws {
    let (read, write) = try System.pipe()
    XCTAssertEqual(
      try runShell("echo x > /proc/self/fd/\(write.number)", descriptors: [write.number: write]),
      .exited(status: 0))
    XCTAssertEqual(try System.read(read, limit: 2), Array("x\n".utf8))
  }

  func testDescriptorsMayTradePlaces() throws {
    let (read, write) = try System.pipe(), (otherRead, otherWrite) = try System.pipe()
    XCTAssertEqual(
      try runShell(
        "echo x > /proc/self/fd/\(write.number); echo y > /proc/self/fd/\(otherWrite.number)",
        descriptors: [write.number: otherWrite, otherWrite.number: write]),
      .exited(status: 0))
    XCTAssertEqual(try System.read(read, limit: 2), Array("y\n".utf8))
    XCTAssertEqual(try System.read(otherRead, limit: 2), Array("x\n".utf8))
  }

  func testF21_childWithoutAStandardInputOfItsOwnHasNone() throws {
    XCTAssertEqual(
      try runShell("[ $(readlink /proc/$$/fd/0) = /dev/null ]"), .exited(status: 0))
  }

  func testM3_childHasTheEnvironmentButForWhatIsWithheld() throws {
    setenv("POSTERN_TEST", "a", 1)
    setenv("POSTERN_TEST_SECRET", "b", 1)
    defer {
      unsetenv("POSTERN_TEST")
      unsetenv("POSTERN_TEST_SECRET")
    }
    for (withheld, seen) in [([], "ab"), (["POSTERN_TEST_SECRET"], "a"), (["POSTERN_TEST"], "b")] {
      let process = try System.spawn(
        "/bin/sh", arguments: ["-c", #"[ "$POSTERN_TEST$POSTERN_TEST_SECRET" = "$0" ]"#, seen],
        withheld: withheld)
      XCTAssertEqual(try end(of: process), .exited(status: 0), seen)
    }
  }

  func testH19_processThatForbidsDumpsCannotBeDumpedOrTraced() {
    defer { _ = process_control(PR_SET_DUMPABLE, 1) }
    System.forbidDumps()
    XCTAssertEqual(process_control(PR_GET_DUMPABLE, 0), 0)
  }

  func testChildHasNoSignalBlockedOrIgnored() throws {
    var mask = sigset_t()
    pthread_sigmask(SIG_SETMASK, nil, &mask)
    defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
    System.blockSignals()
    System.ignoreWriteSignals()
    let script = "exec grep -E '^Sig(Blk|Ign):' /proc/self/status > \(folder)/output"
    XCTAssertEqual(try runShell(script), .exited(status: 0))
    let masks = try String(contentsOfFile: "\(folder)/output", encoding: .utf8)
      .split(whereSeparator: \.isWhitespace).compactMap { UInt64($0, radix: 16) }
    // Signals 32 and 33 are the C library's own.
    XCTAssertEqual(masks.map { $0 & 0x7FFF_FFFF }, [0, 0])
  }

  func testPathOfThisProgramIsAFile() throws {
    XCTAssertNotNil(try System.status(ofPath: System.pathOfThisProgram()))
  }
}
