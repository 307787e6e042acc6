/// The segment as Prometheus reads it, in the text format 0.0.4
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
public struct PrometheusText: Sendable {
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private let segment: MetricsSegment
  /// By the names of metrics.
  private let help: [String: String]

  /// - Parameter help: what each metric means, in one line without a backslash.
  public init(_ segment: MetricsSegment, help: [String: String]) {
    self.segment = segment
    self.help = help
  }

  public func render() -> String {
    var families: [String: (type: String, lines: [String])] = [:]
    for series in segment.allSeries {
      families[series.name, default: (series.kind.type, [])].lines += lines(of: series)
    }
    families["postern_workers"] = ("gauge", workerLines)
    families["postern_start_time_seconds"] = (
      "gauge", ["postern_start_time_seconds \(segment.startTime)"]
    )
    return families.sorted { $0.key < $1.key }.map { name, family in
      let help = help[name] ?? "Made by a module."
      return "# HELP \(name) \(help)\n# TYPE \(name) \(family.type)\n"
        + family.lines.sorted().joined(separator: "\n") + "\n"
    }.joined()
  }

  private var workerLines: [String] {
    let workers = segment.processes
    return [("ready", true), ("starting", false)].map { state, isReady in
      let count = workers.count { $0.isReady == isReady }
      return "postern_workers{state=\"\(state)\"} \(count)"
    }
  }

  private func lines(of series: Series) -> [String] {
    let (name, labels) = (series.name, series.labels.isEmpty ? "" : "{\(series.labels)}")
    switch series.kind {
    case .counter: return ["\(name)\(labels) \(segment.count(ofCell: series.first))"]
    case .gauge: return ["\(name)\(labels) \(text(segment.sum(ofGauge: series.first)))"]
    case .histogram:
      let histogram = Histogram(segment, first: series.first)
      let labelsBeforeBound = series.labels.isEmpty ? "" : "\(series.labels),"
      var count: UInt64 = 0
      var lines: [String] = []
      let bounds = Histogram.bounds.map(text) + ["+Inf"]
      for (bound, more) in zip(bounds, histogram.counts) {
        count += more
        lines.append("\(name)_bucket{\(labelsBeforeBound)le=\"\(bound)\"} \(count)")
      }
      return [
        lines.joined(separator: "\n") + "\n\(name)_sum\(labels) \(text(histogram.sum))"
          + "\n\(name)_count\(labels) \(count)"
      ]
    }
  }

  /// Whole numbers without `.0`. Swift's own texts of others are as Go's `ParseFloat` takes them.
  private func text(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
  }
}

extension Series.Kind {
  fileprivate var type: String {
    switch self {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    }
  }
}
