public import DocumentStore
import FoundationEssentials

/// Counts of failed sign-ins: one document of a fixed number of them.
///
/// Strangers may invent any number of names and addresses, and the store keeps no more for it. A
/// full document forgets the count that is least used up, so it errs towards admitting, and a
/// count that holds somebody back is the last to go.
public struct FailureTable: Document {
  public static let collection = "throttle"

  /// Counts in one document.
  static let limit = 128

  private(set) var counts: [FailureCount] = []

  init() {}

  private enum CodingKeys: String, CodingKey {
    case counts
  }

  /// A document of the first version, which had one for each name and address, is an empty table:
  /// the next sweep removes it.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    counts = try container.decodeIfPresent([FailureCount].self, forKey: .counts) ?? []
  }

  /// Counts one failure for each of `names`, unless one of them has to wait.
  /// - Returns: the seconds to wait, and then nothing is counted; `nil` where it was.
  mutating func admit(_ names: [FailureName], at time: Date) -> TimeInterval? {
    for index in counts.indices { counts[index].followClock(to: time) }
    if let wait = wait(names, at: time) { return wait }
    for name in names { add(1, to: name, at: time) }
    return nil
  }

  /// The longest time that one of `names` has to wait, in seconds.
  func wait(_ names: [FailureName], at time: Date) -> TimeInterval? {
    names.compactMap { count(of: $0)?.wait(at: time) }.max()
  }

  mutating func takeBack(_ failures: Double = 1, of names: [FailureName], at time: Date) {
    for name in names where count(of: name) != nil { add(-failures, to: name, at: time) }
    dropForgotten(at: time)
  }

  /// Forgets all failures under `name`.
  /// - Returns: how many these were.
  mutating func forget(_ name: FailureName, at time: Date) -> Double {
    let failures = count(of: name)?.count(at: time) ?? 0
    counts.removeAll { $0.name == name.text }
    return failures
  }

  mutating func dropForgotten(at time: Date) {
    counts.removeAll { $0.count(at: time) < 1e-6 }
  }

  private func count(of name: FailureName) -> FailureCount? {
    counts.first { $0.name == name.text }
  }

  private mutating func add(_ failures: Double, to name: FailureName, at time: Date) {
    if !counts.contains(where: { $0.name == name.text }) {
      if counts.count >= Self.limit { dropForgotten(at: time) }
      if counts.count >= Self.limit,
        let least = counts.indices.min(by: { counts[$0].use(at: time) < counts[$1].use(at: time) })
      {
        counts.remove(at: least)
      }
      counts.append(FailureCount(name.text, name.allowance, at: time))
    }
    for index in counts.indices where counts[index].name == name.text {
      counts[index].add(failures, at: time)
    }
  }
}

/// What failures are counted under.
struct FailureName: Sendable {
  let text: String
  let allowance: Allowance
}
