import Accounts
import ArgumentParser
import Glibc
import SystemCalls

/// Asks for a password without showing it.
enum PasswordPrompt {
  /// A new password: asked for twice at a terminal, else the first line of standard input.
  static func newPassword() throws -> Password {
    let text: String
    if isatty(STDIN_FILENO) == 1 {
      text = try ask("Password: ")
      guard try ask("Again: ") == text else { throw ValidationError("The two differ.") }
    } else {
      text = readLine() ?? ""
    }
    guard let password = Password(new: text) else {
      throw ValidationError(
        "A password has at least \(Password.shortestNew) characters "
          + "and at most \(Password.sizes.upperBound) bytes.")
    }
    return password
  }

  /// Reads a line from the terminal with its echo turned off (termios(3)). A signal that
  /// would end or stop this program ends the prompt first, so that the echo is on again.
  private static func ask(_ prompt: String) throws -> String {
    let signals = try SignalQueue([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP])
    var shown = termios()
    tcgetattr(STDIN_FILENO, &shown)
    var hidden = shown
    hidden.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
      print()
    }
    print(prompt, terminator: "")
    fflush(nil)
    _ = try System.waitForInput([STDIN_FILENO, signals.descriptor], milliseconds: -1)
    // The exit status of shells.
    if let signal = try signals.next() { throw ExitCode(128 + signal) }
    return readLine() ?? ""
  }
}
