import CoreMetrics
import Execution
import HandlerKit
import SharedMetrics
import Synchronization

/// Counts requests by route and status, and how long they take by route.
///
/// Nothing is looked up by name: a request costs three atomic additions. The counter of a status is
/// made when a route first answers with it.
final class RequestMetrics: RequestObserver {
  private let routes: [RouteMetrics]
  private let counters: CounterTable
  private let entry: ProcessEntry?

  /// - Parameters:
  ///   - paths: `Router.paths(of:)` of the same modules.
  ///   - entry: that of this process.
  init(paths: [String], _ entry: ProcessEntry?) {
    routes = (paths + ["none"]).map(RouteMetrics.init)
    counters = CounterTable(count: routes.count * StatusNumber.count)
    self.entry = entry
  }

  func observe(_ request: Request, _ response: Response, _ outcome: RequestOutcome) {
    let number = outcome.routeNumber ?? routes.count - 1
    let status = StatusNumber(response.status.code)
    counters.counter(number * StatusNumber.count + status.number) {
      routes[number].counter(status)
    }.increment()
    routes[number].time.recordNanoseconds(outcome.duration.wholeNanoseconds)
    entry?.countRequest()
  }
}

private struct RouteMetrics: Sendable {
  let path: String
  let time: CoreMetrics.Timer

  init(_ path: String) {
    self.path = path
    time = Timer(label: "postern.http.request.duration", dimensions: [("route", path)])
  }

  func counter(_ status: StatusNumber) -> Counter {
    Counter(
      label: "postern.http.requests", dimensions: [("route", path), ("status", status.label)])
  }
}

/// The place of a status in a row of counters: statuses that nobody knows share the last one.
private struct StatusNumber {
  let number: Int

  private static let known =
    [200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308] + Array(400...417)
    + [421, 422, 425, 426, 428, 429, 431, 451] + Array(500...505)
  static let count = known.count + 1
  private static let numbers: [UInt8] = (0..<600).map { code in
    UInt8(known.firstIndex(of: code) ?? known.count)
  }

  init(_ code: Int) {
    number = Self.numbers.indices.contains(code) ? Int(Self.numbers[code]) : Self.known.count
  }

  var label: String { number < Self.known.count ? "\(Self.known[number])" : "other" }
}

/// Counters that are made when they are first needed, by any thread, without a lock.
///
/// `@unchecked Sendable`: each place is set once, by an atomic operation.
private final class CounterTable: @unchecked Sendable {
  private let places: UnsafeMutablePointer<AtomicLazyReference<Counter>>
  private let count: Int

  init(count: Int) {
    self.count = count
    places = .allocate(capacity: count)
    for index in 0..<count { (places + index).initialize(to: AtomicLazyReference()) }
  }

  deinit {
    places.deinitialize(count: count)
    places.deallocate()
  }

  /// - Parameter index: below `count`.
  func counter(_ index: Int, make: () -> Counter) -> Counter {
    places[index].load() ?? places[index].storeIfNil(make())
  }
}
