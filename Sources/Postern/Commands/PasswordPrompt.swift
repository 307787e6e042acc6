import ArgumentParser
import Glibc
import SystemCalls

/// Asks for a password without showing it.
enum PasswordPrompt {
  /// A new password: asked for twice at a terminal, else the first line of standard input. `nil`
  /// where nothing is typed, or standard input is at its end.
  static func newPassword(prompt: String) throws -> String? {
    guard isatty(STDIN_FILENO) == 1 else { return readLine() }
    let text = try ask(prompt)
    guard !text.isEmpty else { return nil }
    guard try ask("Again: ") == text else { throw ValidationError("The two differ.") }
    return text
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
    guard let line = readLine() else { throw ValidationError("Nothing was typed.") }
    return line
  }
}
