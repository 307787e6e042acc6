import Logging

extension Supervisor {
  /// Tells the log once when somebody has put other data under the running service, and once when
  /// all is as it was.
  mutating func lookAtData() {
    guard nextLookAtData <= .now else { return }
    nextLookAtData = .now + DataState.interval
    let troubles = plan.data.troubles
    for trouble in troubles.subtracting(knownTroubles) {
      logger.log(level: trouble == .keys ? .warning : .error, "\(trouble.description)")
    }
    if troubles.isEmpty, !knownTroubles.isEmpty {
      logger.notice("the data folder and keys.json are those that the workers have")
    }
    knownTroubles = troubles
  }
}
