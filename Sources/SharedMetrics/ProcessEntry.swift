import Glibc

/// The entry of one worker process: what is true of it alone, and ends with it.
public struct ProcessEntry: Sendable {
  let segment: MetricsSegment
  /// That of the cells in which this process counts.
  let row: Int
  private let offset: Int

  private static let process = 0
  private static let startTime = 8
  private static let readiness = 16
  private static let requests = 24
  static let gauges = 64

  fileprivate init(_ segment: MetricsSegment, number: Int) {
    self.segment = segment
    row = number % Layout.rowCount
    offset = Layout.processes + number * Layout.processSize
  }

  /// It serves.
  public func noteReady() { segment.cell(offset + Self.readiness).value = 1 }

  /// It has answered a request.
  public func countRequest() { segment.cell(offset + Self.requests).add(1 as UInt64) }

  func gauge(_ number: Int) -> Cell { segment.cell(offset + Self.gauges + number * 8) }

  fileprivate var pid: Cell { segment.cell(offset + Self.process) }

  fileprivate func claim(at time: UInt64) -> Bool {
    guard pid.claim(0, UInt64(getpid())) else { return false }
    segment.cell(offset + Self.startTime).value = time
    return true
  }

  fileprivate func clear() {
    for place in stride(from: 8, to: Layout.processSize, by: 8) {
      segment.cell(offset + place).value = 0
    }
    pid.publish(0)
  }

  /// What it says now; `nil` where no process has it.
  fileprivate var report: ProcessReport? {
    let pid = pid.observe()
    guard pid != 0 else { return nil }
    return ProcessReport(
      pid: pid_t(truncatingIfNeeded: pid),
      startTime: segment.cell(offset + Self.startTime).value,
      isReady: segment.cell(offset + Self.readiness).value != 0,
      requests: segment.cell(offset + Self.requests).value, entry: self)
  }
}

/// What one process says of itself.
public struct ProcessReport: Sendable {
  public let pid: pid_t
  /// In seconds since 1970.
  public let startTime: UInt64
  /// Whether it serves.
  public let isReady: Bool
  public let requests: UInt64
  fileprivate let entry: ProcessEntry

  /// The value of a gauge, such as `postern_threads` with the labels `state="busy"`; 0 where there is
  /// none.
  public func gauge(_ name: String, _ labels: String = "") -> Double {
    let series = entry.segment.allSeries.first {
      $0.kind == .gauge && $0.name == name && $0.labels == labels
    }
    return series.map { entry.gauge($0.first).number } ?? 0
  }
}

extension MetricsSegment {
  /// Takes an entry for this process; `nil` where there is none left.
  public func join(at time: UInt64) -> ProcessEntry? {
    entries.first { $0.claim(at: time) }
  }

  /// A process has ended: its entry is free. To be called by its parent, before the number can be
  /// another process's.
  public func noteEnd(of process: pid_t) {
    for entry in entries where entry.pid.value == UInt64(process) { entry.clear() }
  }

  /// The processes that have an entry.
  public var processes: [ProcessReport] { entries.compactMap(\.report) }

  private var entries: some Sequence<ProcessEntry> {
    (0..<Layout.processLimit).lazy.map { ProcessEntry(self, number: $0) }
  }

  /// The sum over all processes.
  func sum(ofGauge number: Int) -> Double {
    entries.reduce(0) { $0 + ($1.pid.value == 0 ? 0 : $1.gauge(number).number) }
  }

  /// The value of a counter, the sum of all series of it that have `label`, such as
  /// `outcome="done"`, among their labels.
  public func count(_ name: String, label: String? = nil) -> UInt64 {
    allSeries.reduce(0) { sum, series in
      guard series.kind == .counter, series.name == name,
        label.map({ ",\(series.labels),".contains(",\($0),") }) ?? true
      else { return sum }
      return sum + count(ofCell: series.first)
    }
  }
}
