import Glibc
import Logging
import SystemCalls

/// Replacing workers by ones with the settings, the keys and the program of now.
extension Supervisor {
  /// So many workers that end before they serve are no accident.
  private static let candidateTries = 3

  var reloadIsUnderWay: Bool { preparation != nil || isReloading }

  /// Begins with it, or does so after the one that is under way.
  /// - Parameter client: is told what becomes of it.
  mutating func reload(for client: ControlRequest? = nil) {
    guard !reloadIsUnderWay else {
      reloadsAgain = true
      laterReloadClients += [client].compactMap { $0 }
      return
    }
    reloadClients += [client].compactMap { $0 }
    tellManager(isReloading: true)
    do {
      preparation = try Preparation(program: program, options: options)
    } catch {
      metrics.countReload(.refused)
      refuseReload("\(error)")
    }
  }

  mutating func notePrepared(_ end: ProcessEnd) {
    guard let prepared = preparation else { return }
    preparation = nil
    do {
      let plan = try prepared.plan(after: end)
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
      refuseReload("\(error)")
    }
  }

  private mutating func refuseReload(_ reason: String) {
    logger.error("reload refused, workers stay as they are", metadata: ["error": "\(reason)"])
    endReload(.failed("refused, the workers stay as they are: \(reason)"))
  }

  /// A worker serves with `plan`: from now on all do.
  private mutating func adopt(_ plan: WorkerPlan) {
    candidate = nil
    self.plan = plan
    startHeartbeat()
    knownTroubles = []
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
    for index in slots.indices { slots[index].current?.isOfLatestPlan = true }
    metrics.countReload(.givenUp)
    logger.error("reload given up, workers stay as they are: new ones end before they serve")
    endReload(
      .failed(
        "given up, the workers stay as they are: new ones end before they serve; the service's log "
          + "has their reason"))
  }

  mutating func noteReloaded() {
    guard isReloading, candidate == nil,
      !slots.contains(where: { $0.current?.isOfLatestPlan == false })
    else { return }
    metrics.countReload(.done)
    logger.notice("reload ended", metadata: ["workers": "\(slots.count)"])
    noteProgram()
    let serving = servingCount
    endReload(
      .done(
        serving == slots.count
          ? "\(serving) workers replaced"
          : "\(serving) of \(slots.count) workers serve with the settings of now"))
  }

  private mutating func endReload(_ outcome: ControlOutcome) {
    isReloading = false
    for client in reloadClients { client.answer(outcome) }
    (reloadClients, laterReloadClients) = (laterReloadClients, [])
    guard reloadsAgain else { return }
    reloadsAgain = false
    reload()
  }
}
