import CoreMetrics
import SystemCalls
import TestSupport
import XCTest

@testable import SharedMetrics

final class SharingTests: SegmentTestCase {
  func testWhatProcessesCountIsSummedAndStaysWhenTheyEnd() throws {
    let file = try file()
    let supervisor = try MetricsSegment(making: file, at: Self.time)
    var rows: Set<Int> = []
    for amount in [1, 20, 300] {
      let worker = try MetricsSegment(file, isWritable: true)
      let entry = try XCTUnwrap(worker.join(at: Self.time))
      rows.insert(entry.row)
      let factory = SharedMetricsFactory(worker, entry)
      Counter(label: "jobs.done", dimensions: [("kind", "a")], factory: factory)
        .increment(by: amount)
      Timer(label: "job.time", factory: factory).recordNanoseconds(30_000_000)
    }
    XCTAssertEqual(rows.count, 3, "each counts in a row of its own")
    supervisor.noteEnd(of: getpid())
    let lines = text(supervisor)
    XCTAssertTrue(lines.contains(#"jobs_done_total{kind="a"} 321"#), "\(lines)")
    XCTAssertTrue(lines.contains("job_time_seconds_count 3"), "\(lines)")
    XCTAssertTrue(lines.contains("job_time_seconds_sum 0.09"), "\(lines)")
    XCTAssertEqual(supervisor.count("jobs_done_total"), 321)
    XCTAssertEqual(supervisor.count("jobs_done_total", label: #"kind="a""#), 321)
    XCTAssertEqual(supervisor.count("jobs_done_total", label: #"kind="b""#), 0)
  }

  func testTheShareOfAGaugeEndsWithItsProcess() throws {
    let file = try file()
    let supervisor = try MetricsSegment(making: file, at: Self.time)
    let worker = try MetricsSegment(file, isWritable: true)
    let other = try MetricsSegment(file, isWritable: true)
    let meters = try [worker, other].map { segment in
      let entry = try XCTUnwrap(segment.join(at: Self.time))
      let factory = SharedMetricsFactory(segment, entry)
      return (entry, Meter(label: "threads", factory: factory))
    }
    meters[0].1.set(3)
    meters[1].1.increment()
    meters[1].1.increment(by: 2.5)
    meters[1].1.decrement()
    XCTAssertTrue(text(supervisor).contains("threads 5.5"), "\(text(supervisor))")

    supervisor.noteEnd(of: getpid())
    XCTAssertTrue(text(supervisor).contains("threads 0"), "\(text(supervisor))")
    XCTAssertTrue(supervisor.processes.isEmpty)
  }

  func testAnEntryIsFreshForTheProcessThatTakesItNext() throws {
    let segment = try MetricsSegment.ofThisProcess(at: Self.time)
    let first = try XCTUnwrap(segment.join(at: 1))
    first.noteReady()
    first.countRequest()
    Meter(label: "threads", factory: SharedMetricsFactory(segment, first)).set(7)
    let before = try XCTUnwrap(segment.processes.first)
    XCTAssertTrue(before.isReady)
    XCTAssertEqual([before.requests, before.startTime], [1, 1])
    XCTAssertEqual(before.gauge("threads"), 7)

    segment.noteEnd(of: getpid())
    _ = segment.join(at: 2)
    let after = try XCTUnwrap(segment.processes.first)
    XCTAssertEqual(segment.processes.count, 1)
    XCTAssertFalse(after.isReady)
    XCTAssertEqual([after.requests, after.startTime], [0, 2])
    XCTAssertEqual(after.gauge("threads"), 0)
  }

  func testManyThreadsOfManyProcessesMakeEachSeriesOnceAndLoseNoCount() throws {
    let file = try file()
    let made = try MetricsSegment(making: file, at: Self.time)
    let segments = try (0..<4).map { _ in try MetricsSegment(file, isWritable: true) }
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      let factory = SharedMetricsFactory(segments[thread % 4], nil)
      for round in 0..<400 {
        Counter(label: "c", dimensions: [("n", "\(round % 40)")], factory: factory).increment()
      }
    }
    let lines = text(made).filter { $0.hasPrefix("c_total") }
    XCTAssertEqual(lines.count, 40)
    XCTAssertEqual(Set(lines.map { $0.split(separator: " ").last }), ["80"])
  }

  func testWhoDiesWhileItMakesASeriesKeepsNobodyElseFromMakingOne() throws {
    let segment = try MetricsSegment.ofThisProcess(at: Self.time)
    counter("first", in: segment).increment()
    // The state that the dead one left behind.
    XCTAssertTrue(segment.cell(Layout.series + Layout.seriesSize).claim(0, 1))
    counter("second", in: segment).increment()
    counter("first", in: segment).increment()
    XCTAssertEqual(segment.count("first_total"), 2)
    XCTAssertEqual(segment.count("second_total"), 1)
  }

  func testWhatFindsNoRoomIsNotCountedAndNothingElseIsHarmed() throws {
    let segment = try MetricsSegment.ofThisProcess(at: Self.time)
    let entry = try XCTUnwrap(segment.join(at: Self.time))
    let factory = SharedMetricsFactory(segment, entry)
    for number in 0..<40 { Meter(label: "gauge.\(number)", factory: factory).set(1) }
    XCTAssertEqual(text(segment).filter { $0.hasPrefix("gauge_") }.count, 24)
    for number in 0..<2_000 { counter("c.\(number)", in: segment).increment() }
    Timer(label: "late", factory: factory).recordNanoseconds(1)
    counter("c.0", in: segment).increment()
    XCTAssertEqual(segment.count("c_0_total"), 2)
    XCTAssertLessThanOrEqual(segment.allSeries.count, Layout.seriesLimit)
    counter(String(repeating: "x", count: 4_096), in: segment).increment()
  }

  func testHistogramsFillTheirCellsAndNoMore() throws {
    let segment = try MetricsSegment.ofThisProcess(at: Self.time)
    let factory = SharedMetricsFactory(segment, nil)
    for number in 0..<1_000 {
      Timer(label: "t.\(number)", factory: factory).recordNanoseconds(1)
    }
    let histograms = segment.allSeries
    XCTAssertEqual(histograms.count, Layout.cellLimit / Histogram.cellCount)
    XCTAssertTrue(
      histograms.allSatisfy { $0.first + Histogram.cellCount <= Layout.cellLimit })
    XCTAssertTrue(histograms.allSatisfy { Histogram(segment, first: $0.first).counts[0] == 1 })
  }

  func testASegmentOfAnotherLayoutIsRefused() throws {
    let short = try file()
    try System.write([1, 2, 3], to: short)
    XCTAssertThrowsError(try MetricsSegment(short, isWritable: true)) {
      XCTAssertTrue($0 is ForeignSegment)
    }
    let other = try file()
    let segment = try MetricsSegment(making: other, at: Self.time)
    segment.cell(Layout.mark).value += 1
    XCTAssertThrowsError(try MetricsSegment(other, isWritable: false)) {
      XCTAssertTrue($0 is ForeignSegment)
    }
  }

  func testLayoutsPartsDoNotOverlap() {
    XCTAssertLessThanOrEqual(Layout.gaugeCount + 8, Layout.processes)
    XCTAssertLessThanOrEqual(
      ProcessEntry.gauges + MetricsSegment.gaugeLimit * 8, Layout.processSize)
    XCTAssertEqual(Layout.cells % 8, 0)
    XCTAssertEqual(Layout.rowSize, Layout.cellLimit * 8)
    XCTAssertEqual(Layout.cells + Layout.rowCount * Layout.rowSize, Layout.size)
  }
}
