import Crypto
import ForeignInput
import FoundationEssentials
import Glibc

extension Throttle {
  /// The documents and slots in which a stranger's failures are counted.
  struct StrangerSlots {
    let document: String
    let pair, account: FailureSlot
    let addressDocument: String
    let address: FailureSlot
  }

  func slots(of address: String, at account: ForeignText) -> StrangerSlots {
    let account = digest("account", account.bytes)
    let network = network(address)
    let pair = digest("address at account", account + network)
    let address = digest("address", network)
    return StrangerSlots(
      document: "account-" + account.prefix(1).hexadecimal,
      pair: FailureSlot((Int(pair[0]) << 8 | Int(pair[1])) % StrangersFailures.pairSlots),
      account: FailureSlot(Int(account[1]) % StrangersFailures.slots),
      addressDocument: "address-" + address.prefix(1).hexadecimal,
      address: FailureSlot(Int(address[1]) % StrangersFailures.slots))
  }

  func knownSlot(
    _ guesser: Guesser, _ account: ForeignText
  ) -> (document: String, slot: FailureSlot) {
    let (kind, id) =
      switch guesser {
      case .knownBrowser(let id): ("browser", id)
      case .session(let id): ("session", id)
      case .stranger(let address): ("stranger", address)
      }
    let account = digest("account", account.bytes)
    let slot = digest(kind, account + Array(id.utf8))
    return (
      "account-" + account.prefix(1).hexadecimal,
      FailureSlot((Int(slot[0]) << 8 | Int(slot[1])) % KnownFailures.slots)
    )
  }

  /// Keyed, so that the store does not tell who tried, even to a reader who hashes all addresses
  /// there are.
  private func digest(_ kind: String, _ bytes: [UInt8]) -> [UInt8] {
    Array(
      HMAC<SHA256>.authenticationCode(for: Array(kind.utf8) + [0] + bytes, using: key))
  }
}

extension StrangersFailures {
  func certainWait(_ slots: Throttle.StrangerSlots, at time: Date) -> TimeInterval? {
    let own = pairs.certainWait(slots.pair, at: time, .addressAtAccount)
    let all = accounts.certainWait(slots.account, at: time, .strangersAtAccount)
    return [own, all].compactMap(\.self).max()
  }

  /// Whether more is counted at the account than a right password may leave there.

  mutating func admit(_ slots: Throttle.StrangerSlots, at time: Date) -> TimeInterval? {
    pairs.followClock(slots.pair, to: time)
    accounts.followClock(slots.account, to: time)
    let own = pairs.wait(slots.pair, at: time, .addressAtAccount)
    let all = accounts.wait(slots.account, at: time, .strangersAtAccount)
    if let wait = [own, all].compactMap(\.self).max() { return wait }
    pairs.add(1, to: slots.pair, at: time, .addressAtAccount)
    accounts.add(1, to: slots.account, at: time, .strangersAtAccount)
    return nil
  }
}

/// The network that one customer of a provider holds: of an IPv6 address its first 64 bits. An
/// IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) is taken as IPv4.
private func network(_ address: String) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 16)
  guard inet_pton(AF_INET6, address, &bytes) == 1 else { return Array(address.utf8) }
  guard bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]) else {
    return Array(bytes.prefix(8))
  }
  return Array(bytes.suffix(4).map { String($0) }.joined(separator: ".").utf8)
}
