import Crypto
public import DocumentStore
public import ForeignInput
public import FoundationEssentials
import Glibc

/// Who tries a password.
public enum Guesser: Sendable {
  /// Nobody known, at this address.
  case stranger(address: String)
  /// A browser that has signed in as this user before, by its name.
  case knownBrowser(String)
  /// A live session of this user, by its id.
  case session(String)
}

/// Slows down guessing, for all workers together, and not for the account's owner.
///
/// Failures of a stranger count at the account for the address, at the account for all strangers,
/// and for the address at whatever accounts. A known browser and a live session have counts of their
/// own, which no stranger's failures touch. Accounts that do not exist are counted alike.
///
/// - An address has 20 guesses at an account in any hour (one an hour in the long run), and all
///   strange addresses together have 100 (four an hour in the long run). So strangers never have
///   more than 100 consecutive failures that are not forgotten (NIST SP 800-63B-4 §3.2.2), and
///   nobody is locked out for good.
/// - An attempt is counted before its password is looked at, so many at once gain nothing. It is
///   taken back where the password was right or was not looked at.
public struct Throttle: Sendable {
  private let documents: any DocumentStore
  private let key: SymmetricKey

  /// - Parameter key: turns names and addresses into digests that nobody else can compute.
  public init(documents: any DocumentStore, key: [UInt8]) {
    self.documents = documents
    self.key = SymmetricKey(data: key)
  }

  /// Counts an attempt at `account`, unless it has to wait.
  /// - Returns: the whole seconds to wait, at least 1, where it comes too soon; `nil` where it
  ///   may be made.
  /// - Throws: `DocumentStoreError`
  public func admit(_ guesser: Guesser, at account: ForeignText, time: Date) throws -> Int? {
    let names = names(guesser, account)
    // A look without the lock, so that nobody is counted who has to wait for the address anyway.
    if let address = names.address,
      let wait = try documents.read(FailureTable.self, address.document)?
        .wait([address.name], at: time)
    {
      return seconds(wait)
    }
    if let wait = try count(names.account, in: names.accountDocument, at: time) { return wait }
    guard let address = names.address else { return nil }
    var isAdmitted = false
    defer {
      if !isAdmitted { try? takeBack(names.account, in: names.accountDocument, at: time) }
    }
    let wait = try count([address.name], in: address.document, at: time)
    isAdmitted = wait == nil
    return wait
  }

  /// The attempt that was counted last had the right password. Then those that failed at this
  /// account from the same place were its owner's own, and are forgotten too. The address's other
  /// failures are not: somebody else may be guessing from there.
  /// - Throws: `DocumentStoreError`
  public func succeeded(_ guesser: Guesser, at account: ForeignText, time: Date) throws {
    let names = names(guesser, account)
    try update(names.accountDocument) { table in
      guard let own = names.account.first else { return }
      let failures = table.forget(own, at: time)
      table.takeBack(failures, of: Array(names.account.dropFirst()), at: time)
    }
    if let address = names.address { try takeBack([address.name], in: address.document, at: time) }
  }

  /// The password of the attempt that was counted last could not be looked at. Where the store is
  /// in trouble, the attempt stays counted.
  public func takeBack(_ guesser: Guesser, at account: ForeignText, time: Date) {
    let names = names(guesser, account)
    try? takeBack(names.account, in: names.accountDocument, at: time)
    if let address = names.address { try? takeBack([address.name], in: address.document, at: time) }
  }

  /// Removes what is forgotten.
  ///
  /// - Parameter pause: called after each document.
  /// - Returns: how many documents were changed or removed.
  public static func sweep(
    _ documents: any DocumentStore, at time: Date, pause: () -> Void = {}
  ) throws -> Int {
    try documents.sweep(FailureTable.self, pause: pause) { table in
      table?.dropForgotten(at: time)
      if table?.counts.isEmpty == true { table = nil }
    }
  }

  // MARK: - Documents

  private func count(
    _ names: [FailureName], in document: String, at time: Date
  ) throws -> Int? {
    try update(document) { $0.admit(names, at: time) }.map(seconds)
  }

  private func takeBack(_ names: [FailureName], in document: String, at time: Date) throws {
    try update(document) { $0.takeBack(of: names, at: time) }
  }

  private func update<R>(_ document: String, _ change: (inout FailureTable) -> R) throws -> R {
    try documents.update(FailureTable.self, document) { stored in
      var table = stored ?? FailureTable()
      let result = change(&table)
      stored = table.counts.isEmpty ? nil : table
      return result
    }
  }

  /// Whole ones. What a `Double` is off by is no second.
  private func seconds(_ wait: TimeInterval) -> Int { max(1, Int((wait - 0.01).rounded(.up))) }

  // MARK: - Names

  private struct Names {
    /// The guesser's own first.
    var account: [FailureName]
    var accountDocument: String
    var address: (name: FailureName, document: String)?
  }

  private func names(_ guesser: Guesser, _ account: ForeignText) -> Names {
    let accountDigest = digest("account", account.bytes)
    let accountDocument = "account-" + accountDigest.prefix(2)
    func name(_ kind: String, _ source: [UInt8], _ allowance: Allowance) -> FailureName {
      FailureName(text: digest(kind, Array(accountDigest.utf8) + source), allowance: allowance)
    }
    switch guesser {
    case .knownBrowser(let id):
      return Names(
        account: [name("browser", Array(id.utf8), .known)], accountDocument: accountDocument)
    case .session(let id):
      return Names(
        account: [name("session", Array(id.utf8), .known)], accountDocument: accountDocument)
    case .stranger(let address):
      let network = network(address)
      let addressDigest = digest("address", network)
      return Names(
        account: [
          name("address at account", network, .addressAtAccount),
          FailureName(text: accountDigest, allowance: .strangersAtAccount),
        ],
        accountDocument: accountDocument,
        address: (
          FailureName(text: addressDigest, allowance: .address),
          "address-" + addressDigest.prefix(2)
        ))
    }
  }

  /// 7 bytes in hexadecimal, which Swift compares without a detour over the heap. The store does not
  /// tell who tried, not even to one who tries all addresses there are.
  private func digest(_ kind: String, _ bytes: [UInt8]) -> String {
    HMAC<SHA256>.authenticationCode(for: Array(kind.utf8) + [0] + bytes, using: key)
      .prefix(7).hexadecimal
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
