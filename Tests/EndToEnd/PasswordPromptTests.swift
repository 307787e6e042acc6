import Foundation
import Glibc
import XCTest

/// What commands for users ask at a terminal.
final class PasswordPromptTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private static let add = ["user", "add", "dora", "--email", "dora@example.com", "--create"]

  func testL13_thePasswordIsAskedForTwiceAndNotShown() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    let terminal = try PseudoTerminal()
    let child = try site.command(Self.add, at: terminal.inner)
    defer { child.stop() }
    for prompt in ["Password (nothing for a link): ", "Again: "] {
      XCTAssertTrue(eventually(within: 10) { child.log.contains(prompt) && !terminal.echoes })
      try terminal.outer.write(contentsOf: Data((HTTPCall.goodPassword + "\n").utf8))
    }
    XCTAssertEqual(try child.waitForEnd(), 0, child.log)
    XCTAssertTrue(child.log.contains("Added dora"), child.log)
    XCTAssertTrue(terminal.echoes)
    XCTAssertEqual(terminal.shown, "")
  }

  func testL13_aPasswordThatIsSetIsAskedForTwiceAndNotShown() throws {
    let site = try makeInstallation()
    let terminal = try PseudoTerminal()
    let child = try site.command(["user", "password", "alice"], at: terminal.inner)
    defer { child.stop() }
    for prompt in ["Password: ", "Again: "] {
      XCTAssertTrue(eventually(within: 10) { child.log.contains(prompt) && !terminal.echoes })
      try terminal.outer.write(contentsOf: Data((HTTPCall.goodPassword + "\n").utf8))
    }
    XCTAssertEqual(try child.waitForEnd(), 0, child.log)
    XCTAssertEqual(terminal.shown, "")
  }

  func testN8_aUserIsDeletedOnlyAfterAYes() throws {
    let site = try makeInstallation()
    for (answer, status) in [("", 1), ("n", 1), ("alice", 1), ("y", 0)] as [(String, Int32)] {
      let terminal = try PseudoTerminal()
      let child = try site.command(["user", "delete", "alice"], at: terminal.inner)
      defer { child.stop() }
      XCTAssertTrue(eventually(within: 10) { child.log.contains("Delete alice (") })
      try terminal.outer.write(contentsOf: Data((answer + "\n").utf8))
      XCTAssertEqual(try child.waitForEnd(), status, answer)
      let list = try site.command(["user", "list"]).output
      XCTAssertEqual(list.contains("alice"), status == 1, answer)
    }
  }

  func testH7_whateverEndsThePromptLeavesTheTerminalWithItsEcho() throws {
    let site = try makeInstallation(.init(hasDemo: false))
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP] {
      let terminal = try PseudoTerminal()
      let child = try site.command(Self.add, at: terminal.inner)
      defer { child.stop() }
      XCTAssertTrue(eventually(within: 10) { !terminal.echoes })
      child.send(signal)
      XCTAssertEqual(try child.waitForEnd(), 128 + signal, child.log)
      XCTAssertTrue(terminal.echoes, "\(signal)")
    }
    XCTAssertEqual(try site.command(["user", "list"]).output, "")
  }
}

/// A terminal that nobody sits at (pty(7), ioctl_tty(2)).
final class PseudoTerminal {
  /// What a program has, and what its user has.
  let inner, outer: FileHandle

  init() throws {
    let outer = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard outer >= 0 else { throw Trouble("there is no pseudo-terminal") }
    self.outer = FileHandle(fileDescriptor: outer, closeOnDealloc: true)
    let (unlock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
    var (isLocked, number): (Int32, Int32) = (0, 0)
    guard ioctl(outer, unlock, &isLocked) == 0, ioctl(outer, getNumber, &number) == 0 else {
      throw Trouble("the pseudo-terminal cannot be used")
    }
    let inner = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard inner >= 0 else { throw Trouble("the pseudo-terminal cannot be opened") }
    self.inner = FileHandle(fileDescriptor: inner, closeOnDealloc: true)
  }

  var echoes: Bool {
    var settings = termios()
    tcgetattr(inner.fileDescriptor, &settings)
    return settings.c_lflag & tcflag_t(ECHO) != 0
  }

  /// What the user has seen of what was typed.
  var shown: String {
    var bytes = [UInt8](repeating: 0, count: 1024)
    _ = fcntl(outer.fileDescriptor, F_SETFL, O_NONBLOCK)
    let count = read(outer.fileDescriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}
