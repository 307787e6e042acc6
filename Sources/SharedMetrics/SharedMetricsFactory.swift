public import CoreMetrics

/// Lets swift-metrics count in a shared segment.
///
/// A label such as `notes.written` becomes Prometheus' `notes_written_total`, that of a timer
/// `notes_search_seconds`. The figures of gauges and meters are summed over the processes, and end
/// with each. What finds no room is not counted: there may be 1024 series, and 24 gauges among
/// them.
public struct SharedMetricsFactory: MetricsFactory {
  private let segment: MetricsSegment
  /// Has this process's gauges; without it there are none.
  private let entry: ProcessEntry?
  private var row: Int { entry?.row ?? 0 }

  public init(_ segment: MetricsSegment, _ entry: ProcessEntry?) {
    self.segment = segment
    self.entry = entry
  }

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    let name = PrometheusName.name(of: label, suffix: "_total")
    let series = segment.series(.counter, name, PrometheusName.labels(of: dimensions))
    guard let series else { return NOOPMetricsHandler.instance }
    return SharedCounter(cell: segment.cell(number: series.first, row: row))
  }

  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    let name = PrometheusName.name(of: label)
    if aggregate { return distribution(name, dimensions) ?? NOOPMetricsHandler.instance }
    return gauge(name, dimensions) ?? NOOPMetricsHandler.instance
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    gauge(PrometheusName.name(of: label), dimensions) ?? NOOPMetricsHandler.instance
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    distribution(PrometheusName.name(of: label, suffix: "_seconds"), dimensions)
      ?? NOOPMetricsHandler.instance
  }

  private func distribution(_ name: String, _ labels: [(String, String)]) -> Distribution? {
    segment.series(.histogram, name, PrometheusName.labels(of: labels))
      .map { Distribution(histogram: Histogram(segment, first: $0.first), row: row) }
  }

  private func gauge(_ name: String, _ labels: [(String, String)]) -> SharedGauge? {
    guard let entry,
      let series = segment.series(.gauge, name, PrometheusName.labels(of: labels))
    else { return nil }
    return SharedGauge(cell: entry.gauge(series.first))
  }

  // The series stay: other processes count in them.
  public func destroyCounter(_ handler: any CounterHandler) {}
  public func destroyMeter(_ handler: any MeterHandler) {}
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  public func destroyTimer(_ handler: any TimerHandler) {}
}

private final class SharedCounter: CounterHandler {
  private let cell: Cell

  init(cell: Cell) { self.cell = cell }

  /// A counter only grows.
  func increment(by amount: Int64) { if amount > 0 { cell.add(UInt64(amount)) } }

  /// Other processes go on counting in it.
  func reset() {}
}

private final class SharedGauge: MeterHandler, RecorderHandler {
  private let cell: Cell

  init(cell: Cell) { self.cell = cell }

  func set(_ value: Int64) { cell.number = Double(value) }
  func set(_ value: Double) { cell.number = value }
  func increment(by amount: Double) { cell.add(amount) }
  func decrement(by amount: Double) { cell.add(-amount) }
  func record(_ value: Int64) { set(value) }
  func record(_ value: Double) { set(value) }
}

private final class Distribution: TimerHandler, RecorderHandler {
  private let histogram: Histogram
  private let row: Int

  init(histogram: Histogram, row: Int) {
    self.histogram = histogram
    self.row = row
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
  func record(_ value: Int64) { record(Double(value)) }
  func record(_ value: Double) { histogram.add(value, row: row) }
}
