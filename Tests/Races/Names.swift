import Foundation
import Synchronization

/// Numbers for the sessions, tokens and passwords of a run: the same bytes, the same number.
final class Names: Sendable {
  private let numbers = Mutex<[String: Int]>([:])

  func number(of text: String) -> Int {
    numbers.withLock { numbers in
      if let number = numbers[text] { return number }
      numbers[text] = numbers.count + 1
      return numbers.count
    }
  }
}

/// The claims of a token, as any client can read them.
func claims(of token: String) -> [String: Any] {
  let parts = token.split(separator: ".")
  guard parts.count == 3 else { return [:] }
  var text = String(parts[1].map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
  text += String(repeating: "=", count: (4 - text.count % 4) % 4)
  let claims = Data(base64Encoded: text).flatMap { try? JSONSerialization.jsonObject(with: $0) }
  return claims as? [String: Any] ?? [:]
}

/// Microseconds of CLOCK_MONOTONIC.
func now() -> Microseconds {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}
