import Crypto
public import DocumentStore
public import FoundationEssentials
import Glibc

/// Slows down whoever guesses passwords: by account and by address, for all workers together.
///
/// An attempt is counted before its password is looked at, so that many at once gain nothing, and
/// the count is taken back when the password was right, or was not looked at after all. After so
/// many failures each further attempt has to wait, twice as long each time. Failures are forgotten
/// one after the other, and no wait is longer than that takes: whoever goes on guessing has 20
/// guesses an hour at an account, and 100 from an address, and nobody is locked out for good.
/// Accounts that do not exist are counted alike.
public struct Throttle: Sendable {
  private let documents: any DocumentStore

  public init(documents: any DocumentStore) {
    self.documents = documents
  }

  /// Counts an attempt, unless it has to wait for its account or for its address.
  /// - Returns: the whole seconds to wait, at least 1, where it comes too soon; `nil` where it
  ///   may be made.
  /// - Throws: `DocumentStoreError`
  public func admit(account: String, address: String, at time: Date) throws -> Int? {
    let (account, address) = (accountKey(account), addressKey(address))
    // A look without the lock, so that nobody is counted who has to wait for the address anyway.
    if let wait = try documents.read(FailedAttempts.self, address)?.wait(at: time, .address) {
      return wait
    }
    if let wait = try count(account, .account, at: time) { return wait }
    var isAdmitted = false
    defer { if !isAdmitted { try? takeBack(account) } }
    let wait = try count(address, .address, at: time)
    isAdmitted = wait == nil
    return wait
  }

  /// The attempt that was counted last had the right password. The account's count starts anew;
  /// the address only gets its one attempt back: others may be guessing from there.
  /// - Throws: `DocumentStoreError`
  public func succeeded(account: String, address: String) throws {
    try documents.update(FailedAttempts.self, accountKey(account)) { $0 = nil }
    try takeBack(addressKey(address))
  }

  /// The password of the attempt that was counted last could not be looked at. Where the store is
  /// in trouble, the attempt stays counted.
  public func takeBack(account: String, address: String) {
    try? takeBack(accountKey(account))
    try? takeBack(addressKey(address))
  }

  /// Removes what is forgotten.
  ///
  /// - Parameter pause: called after each account or address.
  /// - Returns: how many were removed.
  public func sweep(at time: Date, pause: () -> Void = {}) throws -> Int {
    try documents.sweep(FailedAttempts.self, pause: pause) { attempts in
      // Which of the two it is, it does not say. What an address failed at is forgotten sooner.
      if attempts?.count(at: time, .account) == 0 { attempts = nil }
    }
  }

  private func count(_ key: String, _ allowance: Allowance, at time: Date) throws -> Int? {
    try documents.update(FailedAttempts.self, key) { attempts in
      if let wait = attempts?.wait(at: time, allowance) { return wait }
      let before = attempts?.count(at: time, allowance) ?? 0
      attempts = FailedAttempts(count: before + 1, last: time)
      return nil
    }
  }

  private func takeBack(_ key: String) throws {
    try documents.update(FailedAttempts.self, key) { attempts in
      attempts?.count -= 1
      if let count = attempts?.count, count <= 0 { attempts = nil }
    }
  }

  private func accountKey(_ account: String) -> String { "account-" + digest(Array(account.utf8)) }
  private func addressKey(_ address: String) -> String { "address-" + digest(network(address)) }
}

/// How many failures cost nothing. As many are forgotten in an hour.
struct Allowance: Sendable {
  let free: Double

  static let account = Allowance(free: 20)
  static let address = Allowance(free: 100)

  /// Until one failure is forgotten, in seconds, and the longest wait: were it longer, the count
  /// would grow for as long as somebody goes on, and others would have to wait long after.
  var pace: TimeInterval { 3600 / free }
}

/// Attempts of one account or one address that were not found good.
public struct FailedAttempts: Document {
  public static let collection = "throttle"

  /// As of `last`. Of a failure that is half forgotten, one half.
  var count: Double
  var last: Date

  /// What is not forgotten at `time`.
  func count(at time: Date, _ allowance: Allowance) -> Double {
    max(0, count - max(0, time.timeIntervalSince(last)) / allowance.pace)
  }

  /// How long to wait from `time`, in whole seconds; `nil` when the wait is over.
  func wait(at time: Date, _ allowance: Allowance) -> Int? {
    let elapsed = time.timeIntervalSince(last)
    // Where the clock was set back by more than any wait, nobody waits for it to catch up.
    guard count >= allowance.free, elapsed > -allowance.pace else { return nil }
    let wait = min(exp2(count - allowance.free), allowance.pace) - elapsed
    return wait > 0 ? Int(wait.rounded(.up)) : nil
  }
}

/// The network that one customer of a provider holds: of an IPv6 address its first 64 bits. An
/// IPv4 address in the clothes of IPv6 (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) is taken as such.
private func network(_ address: String) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 16)
  guard inet_pton(AF_INET6, address, &bytes) == 1 else { return Array(address.utf8) }
  guard bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]) else {
    return Array(bytes.prefix(8))
  }
  return Array(bytes.suffix(4).map { String($0) }.joined(separator: ".").utf8)
}

/// 16 bytes in hexadecimal: the store does not tell who tried.
private func digest(_ bytes: [UInt8]) -> String {
  SHA256.hash(data: bytes).prefix(16).hexadecimal
}
