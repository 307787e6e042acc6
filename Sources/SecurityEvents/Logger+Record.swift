import CoreMetrics
public import Logging

extension Logger {
  /// Counts `event`, and writes it as one line, with its name as the field `event`, where its level
  /// is logged. Otherwise its fields are not even made.
  /// - Parameters:
  ///   - level: `nil` for that of the event.
  ///   - metadata: ids and addresses; never a token, a password or a name.
  public func record(
    _ event: SecurityEvent, level: Level? = nil, _ metadata: @autoclosure () -> Metadata = [:]
  ) {
    counters[event]?.increment()
    log(
      level: level ?? event.level, "\(event.message)",
      metadata: metadata().merging(["event": "\(event.rawValue)"]) { $1 })
  }
}

extension SecurityEvent {
  /// Makes the counters, all of them 0, so that none appears only when something has happened. To be
  /// called in processes that have metrics, once those are set up.
  public static func startCounting() { _ = counters }
}

private let counters: [SecurityEvent: Counter] = Dictionary(
  uniqueKeysWithValues: SecurityEvent.allCases.map {
    ($0, Counter(label: "postern.security.events", dimensions: [("event", $0.rawValue)]))
  })
