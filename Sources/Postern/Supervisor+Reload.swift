import Glibc
import Logging
import SystemCalls

/// Replacing workers by ones with the settings, the keys and the program of now.
extension Supervisor {
  /// So many workers that end before they serve are no accident.
  private static let candidateTries = 3

  /// Begins with it, if these can be used.
  mutating func reload() {
    guard preparation == nil, !isReloading else {
      reloadsAgain = true
      return
    }
    do {
      preparation = try Preparation(program: program, options: options)
    } catch {
      metrics.countReload(.refused)
      logger.error("reload refused", metadata: ["error": "\(error)"])
    }
  }

  mutating func notePrepared(_ end: ProcessEnd) {
    guard let prepared = preparation else { return }
    preparation = nil
    do {
      guard end == .exited(status: 0) else {
        throw ConfigurationError("see above: workers cannot be started (\(end))")
      }
      let plan = try prepared.plan()
      guard plan.configuration.run == self.plan.configuration.run else {
        throw ConfigurationError("run can only be changed by a restart")
      }
      (candidate, candidateFailures) = (plan, 0)
      for index in slots.indices {
        slots[index].current?.isOfLatestPlan = false
        slots[index].startAt = min(slots[index].startAt, .now)
      }
      isReloading = true
      logger.notice("reload started", metadata: ["workers": "\(plan.configuration.workers)"])
      // With no worker at all there is nothing to keep.
      if slots.allSatisfy({ $0.current == nil }) { adopt(plan) }
    } catch {
      metrics.countReload(.refused)
      logger.error(
        "reload refused, workers stay as they are", metadata: ["error": "\(error)"])
      reloadIfAskedAgain()
    }
  }

  /// A worker serves with `plan`: from now on all do.
  private mutating func adopt(_ plan: WorkerPlan) {
    candidate = nil
    self.plan = plan
    sweeper.interval = .seconds(plan.configuration.sweepInterval)
    while slots.count < plan.configuration.workers { slots.append(WorkerSlot()) }
    while slots.count > plan.configuration.workers {
      let slot = slots.removeLast()
      leave(slot.current)
      leave(slot.successor)
    }
  }

  /// A worker of the latest plan serves.
  mutating func noteCandidateServes() {
    if let candidate { adopt(candidate) }
    noteReloaded()
  }

  /// A worker of the candidate ended before it served.
  mutating func noteFailedCandidate() {
    guard candidate != nil else { return }
    candidateFailures += 1
    guard candidateFailures == Self.candidateTries else { return }
    candidate = nil
    isReloading = false
    for index in slots.indices { slots[index].current?.isOfLatestPlan = true }
    metrics.countReload(.givenUp)
    logger.error("reload given up, workers stay as they are: new ones end before they serve")
    reloadIfAskedAgain()
  }

  mutating func noteReloaded() {
    guard isReloading, candidate == nil,
      !slots.contains(where: { $0.current?.isOfLatestPlan == false })
    else { return }
    isReloading = false
    metrics.countReload(.done)
    logger.notice("reload ended", metadata: ["workers": "\(slots.count)"])
    reloadIfAskedAgain()
  }

  private mutating func reloadIfAskedAgain() {
    guard reloadsAgain else { return }
    reloadsAgain = false
    reload()
  }
}
