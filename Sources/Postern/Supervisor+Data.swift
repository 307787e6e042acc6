import Logging

extension Supervisor {
  /// Tells the log once when somebody has put other data under the running service or the disk fills
  /// up, and once when all is as it was.
  mutating func lookAtData() {
    guard nextLookAtData <= .now else { return }
    nextLookAtData = .now + DataState.interval
    let troubles = plan.data.troubles
    for trouble in troubles.subtracting(knownTroubles) {
      logger.log(level: trouble == .keys ? .warning : .error, "\(trouble.description)")
    }
    let ends = Set(troubles.map(\.end))
    for end in Set(knownTroubles.map(\.end)).subtracting(ends) { logger.notice("\(end)") }
    knownTroubles = troubles
  }
}
