import CoreMetrics
import XCTest

@testable import SharedMetrics

final class PrometheusTextTests: SegmentTestCase {
  func testTheTextIsAsPrometheusReadsIt() throws {
    let segment = try MetricsSegment.ofThisProcess(at: Self.time)
    let entry = try XCTUnwrap(segment.join(at: Self.time))
    let factory = SharedMetricsFactory(segment, entry)
    Counter(label: "notes.written", dimensions: [("kind", "b")], factory: factory).increment()
    Counter(label: "notes.written", dimensions: [("kind", "a")], factory: factory)
      .increment(by: 2)
    Gauge(label: "notes.open", factory: factory).record(2.5)
    let timer = Timer(label: "notes.search", dimensions: [("kind", "a")], factory: factory)
    for milliseconds: Int64 in [1, 2, 30_000] {
      timer.recordNanoseconds(milliseconds * 1_000_000)
    }
    let text = PrometheusText(segment, help: ["notes_written_total": "Notes."]).render()
    XCTAssertEqual(
      text,
      """
      # HELP notes_open Made by a module.
      # TYPE notes_open gauge
      notes_open 2.5
      # HELP notes_search_seconds Made by a module.
      # TYPE notes_search_seconds histogram
      notes_search_seconds_bucket{kind="a",le="0.0001"} 0
      notes_search_seconds_bucket{kind="a",le="0.00025"} 0
      notes_search_seconds_bucket{kind="a",le="0.0005"} 0
      notes_search_seconds_bucket{kind="a",le="0.001"} 1
      notes_search_seconds_bucket{kind="a",le="0.0025"} 2
      notes_search_seconds_bucket{kind="a",le="0.005"} 2
      notes_search_seconds_bucket{kind="a",le="0.01"} 2
      notes_search_seconds_bucket{kind="a",le="0.025"} 2
      notes_search_seconds_bucket{kind="a",le="0.05"} 2
      notes_search_seconds_bucket{kind="a",le="0.1"} 2
      notes_search_seconds_bucket{kind="a",le="0.25"} 2
      notes_search_seconds_bucket{kind="a",le="0.5"} 2
      notes_search_seconds_bucket{kind="a",le="1"} 2
      notes_search_seconds_bucket{kind="a",le="2.5"} 2
      notes_search_seconds_bucket{kind="a",le="5"} 2
      notes_search_seconds_bucket{kind="a",le="10"} 2
      notes_search_seconds_bucket{kind="a",le="+Inf"} 3
      notes_search_seconds_sum{kind="a"} 30.003
      notes_search_seconds_count{kind="a"} 3
      # HELP notes_written_total Notes.
      # TYPE notes_written_total counter
      notes_written_total{kind="a"} 2
      notes_written_total{kind="b"} 1
      # HELP postern_start_time_seconds When the service was started.
      # TYPE postern_start_time_seconds gauge
      postern_start_time_seconds 1800000000
      # HELP postern_workers Made by a module.
      # TYPE postern_workers gauge
      postern_workers{state="ready"} 0
      postern_workers{state="starting"} 1

      """.replacingOccurrences(of: "When the service was started.", with: "Made by a module."))
  }

  func testN2_labelsOfAnyBytesStayOnTheirLineAndInTheirQuotes() throws {
    let segment = try MetricsSegment.ofThisProcess(at: Self.time)
    counter("c", [("v", "a\"} 1\nc_total{v=\"b\\")], in: segment).increment()
    XCTAssertTrue(
      text(segment).contains(#"c_total{v="a\"} 1\nc_total{v=\"b\\"} 1"#), "\(text(segment))")
  }

  func testNamesBecomePrometheusOwn() {
    for (label, suffix, name) in [
      ("notes.written", "_total", "notes_written_total"), ("a_total", "_total", "a_total"),
      ("9 lives", "", "_9_lives"), ("é", "", "__"), ("", "_seconds", "__seconds"),
    ] {
      XCTAssertEqual(PrometheusName.name(of: label, suffix: suffix), name)
    }
    XCTAssertEqual(
      PrometheusName.labels(of: [("le", "1"), ("__a", "2"), ("a", "3"), ("b-c", "4")]),
      #"a="2",b_c="4""#)
  }

  func testANameIsOfOneKindOnly() throws {
    let segment = try MetricsSegment.ofThisProcess(at: Self.time)
    counter("x", [("a", "1")], in: segment).increment()
    Recorder(label: "x_total", factory: SharedMetricsFactory(segment, nil)).record(1)
    XCTAssertEqual(text(segment).filter { $0.hasPrefix("# TYPE x_total") }.count, 1)
    XCTAssertEqual(text(segment).filter { $0.hasPrefix("x_total") }.count, 1)
  }

  func testCountersOnlyGrow() throws {
    let segment = try MetricsSegment.ofThisProcess(at: Self.time)
    let counter = counter("x", in: segment)
    counter.increment(by: 3)
    counter.increment(by: -2)
    counter.reset()
    XCTAssertEqual(segment.count("x_total"), 3)
  }
}
