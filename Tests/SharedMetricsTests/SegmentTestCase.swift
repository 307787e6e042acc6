import CoreMetrics
import SystemCalls
import TestSupport
import XCTest

@testable import SharedMetrics

/// Several processes in one: each opens the same file, as theirs do.
class SegmentTestCase: TemporaryFolderTestCase {
  static let time: UInt64 = 1_800_000_000

  func file() throws -> FileDescriptor { try System.anonymousFile("segment") }

  func counter(
    _ label: String, _ dimensions: [(String, String)] = [], in segment: MetricsSegment
  ) -> Counter {
    Counter(label: label, dimensions: dimensions, factory: SharedMetricsFactory(segment, nil))
  }

  func text(_ segment: MetricsSegment) -> [String] {
    PrometheusText(segment, help: [:]).render().split(separator: "\n").map(String.init)
  }
}
