/// How values are spread: how many are in each bucket, and their sum.
struct Histogram: Sendable {
  private let segment: MetricsSegment
  private let first: Int

  /// The upper bounds: from 0.1 ms to 10 s, for times in seconds.
  static let bounds: [Double] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ]
  /// One for each bucket, one for what is beyond them, and the sum.
  static let cellCount = bounds.count + 2

  init(_ segment: MetricsSegment, first: Int) {
    self.segment = segment
    self.first = first
  }

  func add(_ value: Double, row: Int) {
    var bucket = 0
    while bucket < Self.bounds.count, value > Self.bounds[bucket] { bucket += 1 }
    segment.cell(number: first + bucket, row: row).add(1 as UInt64)
    segment.cell(number: first + Self.bounds.count + 1, row: row).add(value)
  }

  /// How many are in each bucket, not in those before it.
  var counts: [UInt64] { (0...Self.bounds.count).map { segment.count(ofCell: first + $0) } }
  var sum: Double { segment.sum(ofCell: first + Self.bounds.count + 1) }
}
