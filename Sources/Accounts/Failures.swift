public import DocumentStore
import FoundationEssentials

/// Counts of failures, each in a slot that a keyed hash of the name or the address chooses.
///
/// The number of slots is fixed, whatever names and addresses strangers invent, and nothing that
/// they do makes a slot forget. Two that share a slot share its count: with as many failures as two
/// cores can hash in an hour, fewer share a slot than it forgets.
struct FailureSlots: Codable, Equatable, Sendable {
  private var counts: [String: FailureCount] = [:]

  func wait(_ slot: FailureSlot, at time: Date, _ allowance: Allowance) -> TimeInterval? {
    counts[slot.name]?.wait(at: time, allowance)
  }

  /// As `wait`, but `nil` where the clock was set back: `followClock` has to be called then.
  func certainWait(_ slot: FailureSlot, at time: Date, _ allowance: Allowance) -> TimeInterval? {
    counts[slot.name]?.isAhead(of: time) == true ? nil : wait(slot, at: time, allowance)
  }

  func isOverLeftover(_ slot: FailureSlot, at time: Date, _ allowance: Allowance) -> Bool {
    counts[slot.name].map { $0.count(at: time, allowance) > allowance.leftover } ?? false
  }

  mutating func followClock(_ slot: FailureSlot, to time: Date) {
    counts[slot.name]?.followClock(to: time)
  }

  /// - Parameter failures: below zero to take some back.
  mutating func add(
    _ failures: Double, to slot: FailureSlot, at time: Date, _ allowance: Allowance
  ) {
    guard failures > 0 || counts[slot.name] != nil else { return }
    counts[slot.name, default: FailureCount()].add(failures, at: time, allowance)
    if counts[slot.name]?.isEmpty(at: time, allowance) == true { counts[slot.name] = nil }
  }

  mutating func forget(_ slot: FailureSlot) {
    counts[slot.name] = nil
  }

  mutating func dropForgotten(at time: Date, _ allowance: Allowance) {
    counts = counts.filter { !$0.value.isEmpty(at: time, allowance) }
  }
}

/// A number below the number of slots.
struct FailureSlot: Sendable {
  let name: String

  init(_ number: Int) { name = String(number, radix: 16) }
}

/// What strangers failed at, or where they came from.
public struct StrangersFailures: Document {
  public static let collection = "throttle"

  /// Of the accounts that this document is about: by account and address, and by account.
  var pairs = FailureSlots()
  var accounts = FailureSlots()
  /// Of the addresses that this document is about.
  var addresses = FailureSlots()

  static let pairSlots = 1024
  static let slots = 256

  init() {}

  private enum CodingKeys: String, CodingKey {
    case pairs, accounts, addresses
  }

  /// The first version had a document for each name and each address. These read as nothing, and
  /// the next sweep removes them.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    pairs = try container.decodeIfPresent(FailureSlots.self, forKey: .pairs) ?? pairs
    accounts = try container.decodeIfPresent(FailureSlots.self, forKey: .accounts) ?? accounts
    addresses = try container.decodeIfPresent(FailureSlots.self, forKey: .addresses) ?? addresses
  }

  mutating func dropForgotten(at time: Date) {
    pairs.dropForgotten(at: time, .addressAtAccount)
    accounts.dropForgotten(at: time, .strangersAtAccount)
    addresses.dropForgotten(at: time, .address)
  }
}

/// What known browsers and live sessions failed at. In a collection of its own, so that they never
/// wait for a stranger's lock.
public struct KnownFailures: Document {
  public static let collection = "throttle-known"

  /// A password that has leaked is to be changed on a full disk, too.
  public static let mayUseReserve = true

  var counts = FailureSlots()

  static let slots = 1024
}
