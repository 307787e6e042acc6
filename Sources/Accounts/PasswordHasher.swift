import CSodium
import CoreMetrics
import Dispatch
import Execution
import Synchronization
import SystemCalls

/// Hashes passwords by Argon2id (RFC 9106), and checks them against these hashes and imported ones.
///
/// A hash takes 19 MiB and tens of milliseconds on purpose. So only so many are computed at a
/// time; others wait, and when too many wait or it takes too long, they are turned away.
public final class PasswordHasher: Sendable {
  /// What a hash costs.
  public struct Cost: Equatable, Sendable {
    /// Passes over the memory.
    public var passes: UInt64
    /// Bytes.
    public var memory: Int

    public init(passes: UInt64, memory: Int) {
      self.passes = passes
      self.memory = memory
    }

    /// 19 MiB and 2 passes, in 1 lane.
    public static let standard = Cost(passes: 2, memory: 19 << 20)
    /// The least that Argon2id can do; for tests alone.
    public static let least = Cost(passes: 1, memory: 8 << 10)
    /// A stored hash that asks for more was not made here and is not computed.
    static let most = Cost(passes: 16, memory: 1 << 30)
    /// Nor is one that goes over more bytes in all its passes, which would take some seconds.
    private static let mostWork: UInt64 = 4 << 30

    var isAffordable: Bool {
      Self.least.passes...Self.most.passes ~= passes
        && Self.least.memory...Self.most.memory ~= memory
        && passes * UInt64(memory) <= Self.mostWork
    }
  }

  /// What a check found out.
  public enum Verdict: Equatable, Sendable {
    case right
    case wrong
    /// What is stored is no hash that may be computed (`StoredHash`).
    case damagedHash
  }

  private let cost: Cost
  /// One for each hash that may be computed at a time.
  private let permits: DispatchSemaphore
  /// Callers that have a permit or wait for one.
  private let callers = Atomic(0)
  private let callerLimit: Int
  private let timeout: DispatchTimeInterval
  /// As many as there are permits.
  private let threads = HashingThreads()
  private let metrics = HashMetrics()
  /// The hash of no password, checked where there is no user, so that the answer takes as long.
  private let dummyHash: String

  /// - Parameters:
  ///   - concurrency: how many hashes are computed at a time, at least 1.
  ///   - waitingLimit: how many more may wait until one of those is done.
  ///   - timeout: for how long they may.
  /// - Throws: `PasswordHasherError`
  public init(
    cost: Cost = .standard, concurrency: Int, waitingLimit: Int = 32,
    timeout: DispatchTimeInterval = .seconds(5)
  ) throws {
    guard sodium_init() >= 0 else { throw PasswordHasherError.unavailable }
    self.cost = cost
    self.permits = DispatchSemaphore(value: max(1, concurrency))
    self.callerLimit = max(1, concurrency) + waitingLimit
    self.timeout = timeout
    dummyHash = Argon2Hash.ofNothing(cost)
  }

  /// The hash to store for `password`.
  ///
  /// - Parameter isKnown: as of `verify`.
  /// - Throws: `PasswordHasherError`
  public func hash(_ password: Password, isKnown: Bool = false) throws -> String {
    try waitForHash(isKnown: isKnown) { [cost] in try Self.hash(password.bytes, cost) }
  }

  /// What to store for a user who has no password yet: takes as long to check as any other hash, and
  /// no password is right.
  public func hashOfNothing() -> String { Argon2Hash.ofNothing(cost) }

  /// Whether `password` is the one that `hash` was made of. Without a hash it is wrong, and takes
  /// as long to find out.
  ///
  /// - Parameter isKnown: whether it comes from where the user has signed in before: then it waits
  ///   for its turn however many strangers wait already, up to 20 seconds.
  /// - Throws: `PasswordHasherError`
  public func verify(
    _ password: Password, against hash: String?, isKnown: Bool = false
  ) throws -> Verdict {
    let stored = try? StoredHash(hash ?? dummyHash)
    guard let computed = try? stored ?? StoredHash(dummyHash) else {
      throw PasswordHasherError.unavailable
    }
    let isRight = try waitForHash(isKnown: isKnown) { try computed.isMade(of: password) }
    guard stored != nil else { return .damagedHash }
    return hash != nil && isRight ? .right : .wrong
  }

  /// A hash to store instead of `old`, which was found right, where that was imported or has another
  /// cost than new ones get; else `nil`.
  /// - Throws: `PasswordHasherError`
  public func renewedHash(of password: Password, insteadOf old: String) throws -> String? {
    if let old = try? StoredHash(old), old.isOurs(at: cost) { return nil }
    return try hash(password, isKnown: true)
  }

  private static func hash(_ password: [UInt8], _ cost: Cost) throws -> String {
    var hash = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
    let result = withCharacters(of: password) {
      crypto_pwhash_str(&hash, $0, $1, cost.passes, cost.memory)
    }
    guard result == 0 else { throw PasswordHasherError.unavailable }
    return String(decoding: hash.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
  }

  private static let knownTimeout = DispatchTimeInterval.seconds(20)

  /// Waits for a permit and for what `compute` finds out. Here and nowhere else a caller is blocked,
  /// for as long as a hash takes and the timeout before it.
  private func waitForHash<R: Sendable>(
    isKnown: Bool, _ compute: @escaping @Sendable () throws -> R
  ) throws -> R {
    try Blocking.run {
      let ahead = callers.add(1, ordering: .relaxed).oldValue
      defer { callers.subtract(1, ordering: .relaxed) }
      let deadline = DispatchTime.now() + (isKnown ? Self.knownTimeout : timeout)
      let askedAt = ContinuousClock.now
      metrics.waiting.increment()
      // Known callers wait however many are ahead of them: there are never many of them.
      let hasPermit =
        (isKnown || ahead < callerLimit) && permits.wait(timeout: deadline) == .success
      metrics.waiting.decrement()
      guard hasPermit else {
        metrics.refused.increment()
        throw PasswordHasherError.tooMany
      }
      metrics.wait.record(since: askedAt)
      metrics.computing.increment()
      defer {
        metrics.computing.decrement()
        permits.signal()
      }
      do {
        return try threads.run { Result { try compute() } }.get()
      } catch is SystemCallError {
        throw PasswordHasherError.unavailable
      }
    }
  }
}

/// The queue of hashes, for metrics.
private struct HashMetrics: Sendable {
  let waiting = Meter(label: "postern.password.hashes", dimensions: [("state", "waiting")])
  let computing = Meter(label: "postern.password.hashes", dimensions: [("state", "computing")])
  let wait = Timer(label: "postern.password.hash.wait")
  let refused = Counter(label: "postern.password.hashes.refused")
}

/// Why nothing can be said about a password now.
public enum PasswordHasherError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Too many are being checked at this moment.
  case tooMany
  /// There is no memory for it, or libsodium cannot be used.
  case unavailable

  public var description: String {
    switch self {
    case .tooMany: "too many passwords are being checked at this moment"
    case .unavailable: "there is no memory to hash a password, or libsodium cannot be used"
    }
  }
}
