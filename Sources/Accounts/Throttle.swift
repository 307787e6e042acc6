import Crypto
public import DocumentStore
public import FoundationEssentials
import Glibc

/// Slows down whoever guesses passwords: by account and by address, for all workers together.
///
/// An attempt is counted before its password is looked at, so that many at once gain nothing, and
/// the count is taken back when the password was right. After so many failures each further
/// attempt has to wait, twice as long each time, and never longer than five minutes: nobody can
/// be locked out for good. Accounts that do not exist are counted alike.
public struct Throttle: Sendable {
  private let documents: any DocumentStore

  /// Failures that cost nothing, for one account and for one address.
  static let freeFailures = (account: 20, address: 100)
  /// The longest wait, in seconds.
  static let longestWait: TimeInterval = 300
  /// After so long without an attempt, in seconds, all is forgotten.
  static let memory: TimeInterval = 3600

  public init(documents: any DocumentStore) {
    self.documents = documents
  }

  /// Counts an attempt.
  /// - Returns: the whole seconds to wait, at least 1, where it comes too soon; `nil` where it
  ///   may be made.
  /// - Throws: `DocumentStoreError`
  public func admit(account: String, address: String, at time: Date) throws -> Int? {
    if let wait = try count(addressKey(address), Self.freeFailures.address, at: time) {
      return wait
    }
    return try count(accountKey(account), Self.freeFailures.account, at: time)
  }

  /// The attempt that was counted last had the right password. The account's count starts anew;
  /// the address only gets its one attempt back: others may be guessing from there.
  /// - Throws: `DocumentStoreError`
  public func succeeded(account: String, address: String) throws {
    try documents.update(FailedAttempts.self, accountKey(account)) { $0 = nil }
    try documents.update(FailedAttempts.self, addressKey(address)) { attempts in
      attempts?.count -= 1
      if let count = attempts?.count, count <= 0 { attempts = nil }
    }
  }

  /// Forgets what is too long ago to count.
  ///
  /// - Parameter pause: called after each account or address.
  /// - Returns: how many were forgotten.
  public func sweep(at time: Date, pause: () -> Void = {}) throws -> Int {
    try documents.sweep(FailedAttempts.self, pause: pause) { attempts in
      if attempts?.isForgotten(at: time) == true { attempts = nil }
    }
  }

  private func count(_ key: String, _ free: Int, at time: Date) throws -> Int? {
    try documents.update(FailedAttempts.self, key) { document in
      var attempts = document ?? FailedAttempts(count: 0, last: time)
      if attempts.isForgotten(at: time) { attempts.count = 0 }
      let wait = attempts.wait(at: time, free: free)
      guard wait <= 0 else {
        // Where the clock was set back, the wait is counted from now, or it would take as long.
        if time < attempts.last { document?.last = time }
        return Int(wait.rounded(.up))
      }
      attempts.count += 1
      attempts.last = time
      document = attempts
      return nil
    }
  }

  private func accountKey(_ account: String) -> String { "account-" + digest(Array(account.utf8)) }
  private func addressKey(_ address: String) -> String { "address-" + digest(network(address)) }
}

/// Attempts of one account or one address that were not found good.
public struct FailedAttempts: Document {
  public static let collection = "throttle"

  var count: Int
  var last: Date

  func isForgotten(at time: Date) -> Bool {
    time.timeIntervalSince(last) > Throttle.memory
  }

  /// How long to wait from `time`, in seconds; not positive when the wait is over.
  func wait(at time: Date, free: Int) -> TimeInterval {
    guard count >= free else { return 0 }
    // Beyond 2^9 seconds every wait is the longest one.
    let wait = min(TimeInterval(1 << min(count - free, 9)), Throttle.longestWait)
    let elapsed = max(0, time.timeIntervalSince(last))
    return wait - elapsed
  }
}

/// The network that one customer of a provider holds: of an IPv6 address its first 64 bits.
private func network(_ address: String) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 16)
  return inet_pton(AF_INET6, address, &bytes) == 1 ? Array(bytes.prefix(8)) : Array(address.utf8)
}

/// 16 bytes in hexadecimal: the store does not tell who tried.
private func digest(_ bytes: [UInt8]) -> String {
  SHA256.hash(data: bytes).prefix(16).hexadecimal
}
