import Crypto
public import DocumentStore
public import ForeignInput
public import FoundationEssentials

/// Who tries a password: what failures are counted by.
public enum Guesser: Sendable {
  /// An unknown client at this address.
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
///   strange addresses together have 100 (four an hour in the long run). After the right password
///   its address has 16 to 20 guesses again. What is never forgotten is in
///   `User.strangersFailureLimit`.
/// - An attempt is counted before its password is looked at, so many at once gain nothing. It is
///   taken back where the password was not looked at, or was right and more than a fifth of an
///   allowance is used up: right passwords alone never make anybody wait.
public struct Throttle: Sendable {
  private let documents: any DocumentStore
  let key: SymmetricKey

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
    guard case .stranger(let address) = guesser else {
      let (document, slot) = knownSlot(guesser, account)
      return try update(KnownFailures.self, document, KnownFailures()) {
        failures -> TimeInterval? in
        failures.counts.followClock(slot, to: time)
        if let wait = failures.counts.wait(slot, at: time, .known) { return wait }
        failures.counts.add(1, to: slot, at: time, .known)
        return nil
      }.map(seconds)
    }
    let slots = slots(of: address, at: account)
    // A look without locks, so that a guesser who is refused anyway is not counted elsewhere, and
    // keeps no other waiting.
    if let wait = try read(slots.document)?.certainWait(slots, at: time)
      ?? read(slots.addressDocument)?.addresses.certainWait(slots.address, at: time, .address)
    {
      return seconds(wait)
    }
    if let wait = try update(slots.document, { $0.admit(slots, at: time) }) {
      return seconds(wait)
    }
    var isAdmitted = false
    defer { if !isAdmitted { try? takeBackAtAccount(slots, time) } }
    let wait = try update(slots.addressDocument) { failures -> TimeInterval? in
      failures.addresses.followClock(slots.address, to: time)
      if let wait = failures.addresses.wait(slots.address, at: time, .address) { return wait }
      failures.addresses.add(1, to: slots.address, at: time, .address)
      return nil
    }
    isAdmitted = wait == nil
    return wait.map(seconds)
  }

  /// The attempt that was counted last had the right password. Those that failed at this account from
  /// the same place before were its owner's own, and are forgotten there. All strangers' and the
  /// address's count only get this one back: others may be guessing. Where an address, or a known
  /// browser, has little counted, that is left to be forgotten, which spares a write.
  /// - Throws: `DocumentStoreError`
  public func succeeded(_ guesser: Guesser, at account: ForeignText, time: Date) throws {
    guard case .stranger(let address) = guesser else {
      let (document, slot) = knownSlot(guesser, account)
      guard
        try read(KnownFailures.self, document)?.counts.isOverLeftover(slot, at: time, .known)
          == true
      else { return }
      return try update(KnownFailures.self, document, KnownFailures()) { $0.counts.forget(slot) }
    }
    let slots = slots(of: address, at: account)
    // Always: a count that a sign-in left there would tell that there is such an account.
    try update(slots.document) { failures in
      failures.pairs.forget(slots.pair)
      failures.accounts.add(-1, to: slots.account, at: time, .strangersAtAccount)
    }
    if try read(slots.addressDocument)?.addresses
      .isOverLeftover(slots.address, at: time, .address) == true
    {
      try takeBackAtAddress(slots, time)
    }
  }

  /// The password of the attempt that was counted last could not be looked at. Where the store is
  /// in trouble, the attempt stays counted.
  public func takeBack(_ guesser: Guesser, at account: ForeignText, time: Date) {
    guard case .stranger(let address) = guesser else {
      let (document, slot) = knownSlot(guesser, account)
      try? update(KnownFailures.self, document, KnownFailures()) {
        $0.counts.add(-1, to: slot, at: time, .known)
      }
      return
    }
    let slots = slots(of: address, at: account)
    try? takeBackAtAccount(slots, time)
    try? takeBackAtAddress(slots, time)
  }

  /// How many seconds strangers have to wait at `account` now, because of what all of them together
  /// failed at; `nil` where they may try.
  /// - Throws: `DocumentStoreError`
  public func wait(ofStrangersAt account: ForeignText, time: Date) throws -> Int? {
    let slots = slots(of: "", at: account)
    return try read(slots.document)?.accounts.wait(slots.account, at: time, .strangersAtAccount)
      .map(seconds)
  }

  /// Removes what is forgotten.
  ///
  /// - Parameter pause: called after each document.
  /// - Returns: how many documents were changed or removed.
  public static func sweep(
    _ documents: any DocumentStore, at time: Date, pause: () -> Void = {}
  ) throws -> Int {
    let strangers = try documents.sweep(StrangersFailures.self, pause: pause) { failures in
      failures?.dropForgotten(at: time)
      if failures == StrangersFailures() { failures = nil }
    }
    let known = try documents.sweep(KnownFailures.self, pause: pause) { failures in
      failures?.counts.dropForgotten(at: time, .known)
      if failures == KnownFailures() { failures = nil }
    }
    return strangers + known
  }

  private func takeBackAtAccount(_ slots: StrangerSlots, _ time: Date) throws {
    try update(slots.document) { failures in
      failures.pairs.add(-1, to: slots.pair, at: time, .addressAtAccount)
      failures.accounts.add(-1, to: slots.account, at: time, .strangersAtAccount)
    }
  }

  private func takeBackAtAddress(_ slots: StrangerSlots, _ time: Date) throws {
    try update(slots.addressDocument) { failures in
      failures.addresses.add(-1, to: slots.address, at: time, .address)
    }
  }

  // MARK: - Documents

  private func read(_ document: String) throws -> StrangersFailures? {
    try read(StrangersFailures.self, document)
  }

  private func read<D: Document>(_ type: D.Type, _ document: String) throws -> D? {
    try undamaged(document) { try documents.read(type, $0) }
  }

  private func update<R>(
    _ document: String, _ change: (inout StrangersFailures) -> R
  ) throws -> R {
    try update(StrangersFailures.self, document, StrangersFailures(), change)
  }

  private func update<D: Document, R>(
    _ type: D.Type, _ document: String, _ empty: D, _ change: (inout D) -> R
  ) throws -> R {
    try undamaged(document) { document in
      try documents.update(type, document) { stored in
        var failures = stored ?? empty
        let result = change(&failures)
        stored = failures == empty ? nil : failures
        return result
      }
    }
  }

  /// Many accounts share a document. Where it is damaged, a spare one is used: the counts that are
  /// lost matter less than all these sign-ins.
  private func undamaged<R>(_ document: String, _ body: (String) throws -> R) throws -> R {
    do {
      return try body(document)
    } catch DocumentStoreError.damaged {
      return try body(document + "-spare")
    }
  }

  /// At most a year: counts that were written by hand may be any.
  private func seconds(_ wait: TimeInterval) -> Int {
    max(1, Int(min(wait - 0.01, 31_536_000).rounded(.up)))
  }
}
