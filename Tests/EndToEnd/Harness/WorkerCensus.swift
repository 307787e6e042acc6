import Glibc

/// The workers of an installation at one time: which there are, and what they take.
struct WorkerCensus: CustomStringConvertible {
  let workers: [pid_t]
  /// The most memory that one of them has had since its start (`VmHWM` in proc(5)), in kilobytes.
  let mostMemory: Int
  /// Of all together.
  let descriptors: Int

  init(_ site: Installation) {
    workers = site.workers.sorted()
    mostMemory = workers.map(Self.highWater).max() ?? 0
    descriptors = workers.reduce(0) { $0 + ProcessTable.descriptors(of: $1).count }
  }

  var description: String { "\(mostMemory / 1_024) MB, \(descriptors) descriptors" }

  private static func highWater(of process: pid_t) -> Int {
    let line = ProcessTable.text("status", of: process).split(separator: "\n")
      .first { $0.hasPrefix("VmHWM:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }
}
