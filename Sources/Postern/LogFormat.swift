import Glibc

/// Setting `log.format`: what a line of the log looks like.
public enum LogFormat: String, CaseIterable, Sendable {
  /// Text where a person reads it on a terminal, else JSON.
  case auto
  case text
  /// One JSON object a line (<https://jsonlines.org>).
  case json

  /// Whether lines on standard error are JSON.
  var isJSON: Bool {
    switch self {
    case .auto: isatty(STDERR_FILENO) == 0
    case .text: false
    case .json: true
    }
  }
}
