import CoreMetrics
import FoundationEssentials
import HandlerKit
import Logging
import SecurityEvents
import SharedMetrics
import SystemCalls

/// The figures of one worker: in its supervisor's segment, or where there is none in one of its own.
struct WorkerMetrics {
  let segment: MetricsSegment
  let entry: ProcessEntry?

  /// The worker's descriptor of the supervisor's segment.
  static let descriptor: Int32 = 10

  /// Begins to count. To be called once, before anything that has metrics is made.
  static func start(isSupervised: Bool) throws -> WorkerMetrics {
    let now = UInt64(Date().timeIntervalSince1970)
    let segment =
      try (isSupervised ? inherited() : nil) ?? MetricsSegment.ofThisProcess(at: now)
    let entry = segment.join(at: now)
    MetricsSystem.bootstrap(SharedMetricsFactory(segment, entry))
    SecurityEvent.startCounting()
    return WorkerMetrics(segment: segment, entry: entry)
  }

  /// `nil` where the supervisor is of another version, which shares none or lays it out otherwise.
  private static func inherited() -> MetricsSegment? {
    let file = FileDescriptor(descriptor)
    do {
      return try MetricsSegment(file, isWritable: true)
    } catch {
      // It may be something else.
      file.disown()
      return nil
    }
  }

  /// What is to see each request.
  func observers(
    of modules: [any HandlerModule], _ configuration: PosternConfiguration, _ logger: Logger
  ) -> [any RequestObserver] {
    let metrics = RequestMetrics(paths: Router.paths(of: modules), entry)
    return RequestLog.isWanted(configuration) ? [metrics, RequestLog(logger)] : [metrics]
  }

  func noteReady() { entry?.noteReady() }
}
