import Foundation
import Synchronization

/// Many users beside each other. The result depends on the options alone, not on the threads.
public struct Simulation: Sendable {
  public var rule: RuleName
  public var hazards: Set<Hazard>
  public var devices: Int
  public var days: Double
  public var seed: UInt64

  public init(
    rule: RuleName = .postern, hazards: Set<Hazard> = Set(Hazard.allCases), devices: Int,
    days: Double, seed: UInt64
  ) {
    self.rule = rule
    self.hazards = hazards
    self.devices = devices
    self.days = days
    self.seed = seed
  }

  /// Simulates on all cores.
  /// - Parameter threads: how many users are simulated at once.
  public func run(threads: Int = ProcessInfo.processInfo.activeProcessorCount) throws -> Tally {
    let users = users
    let next = Atomic(0)
    let tallies = Mutex([Tally?](repeating: nil, count: users.count))
    let failure = Mutex<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while true {
        let number = next.add(1, ordering: .relaxed).oldValue
        guard number < users.count else { return }
        do {
          let world = World(
            rule: rule, hazards: hazards, days: days, devices: users[number].devices,
            seed: users[number].seed)
          let tally = try world.run()
          tallies.withLock { $0[number] = tally }
        } catch {
          failure.withLock { $0 = error }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    var sum = Tally()
    for tally in tallies.withLock({ $0 }) { sum.add(tally ?? Tally()) }
    for loot in sum.thefts.keys { sum.thefts[loot]?.times.sort() }
    return sum
  }

  /// How many devices each user has, and the seed of what happens to them.
  private var users: [(devices: Int, seed: UInt64)] {
    var random = SplitMix64(state: seed)
    var users: [(devices: Int, seed: UInt64)] = []
    var left = devices
    while left > 0 {
      let usual = [1, 1, 1, 2, 2, 2, 3, 3, 4][random.below(9)]
      let isBeyondLimit = hazards.contains(.limit) && random.chance(0.01)
      let count = min(isBeyondLimit ? 7 : usual, left)
      users.append((count, random.next()))
      left -= count
    }
    return users
  }
}
