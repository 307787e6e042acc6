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

/// SplitMix64 (Steele, Lea, Flood 2014): the same choices for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Microseconds of CLOCK_MONOTONIC.
func now() -> Microseconds {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
}
