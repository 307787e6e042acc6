import Glibc

/// A bar on the last line of a terminal: `[######              ]  30 %  30000/100000`.
///
/// Written to standard error, and only where that is a terminal.
struct ProgressBar {
  var total: Int
  private var done = 0
  private let isShown: Bool
  private var shownPercent = -1

  private static let width = 40

  init(isShown: Bool, total: Int) {
    self.isShown = isShown && isatty(STDERR_FILENO) == 1
    self.total = total
  }

  mutating func advance() {
    done += 1
    guard isShown else { return }
    let percent = min(100, done * 100 / max(total, 1))
    guard percent != shownPercent else { return }
    shownPercent = percent
    let filled = percent * Self.width / 100
    let bar =
      String(repeating: "#", count: filled) + String(repeating: " ", count: Self.width - filled)
    write("\r[\(bar)] \(percent) %  \(done)/\(total)")
  }

  /// Takes the bar away, so that a line can be printed in its place.
  mutating func clear() {
    guard isShown, shownPercent >= 0 else { return }
    shownPercent = -1
    write("\r\u{1B}[K")
  }

  private func write(_ text: String) {
    _ = Glibc.write(STDERR_FILENO, text, text.utf8.count)
  }
}
