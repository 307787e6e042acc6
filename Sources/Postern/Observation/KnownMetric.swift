/// Postern's own metrics: what `/metrics` says of each. `Docs/metrics.md` has the same table.
struct KnownMetric {
  let name: String
  let type: String
  let labels: [String]
  let help: String

  init(_ name: String, _ type: String, _ labels: [String], _ help: String) {
    self.name = name
    self.type = type
    self.labels = labels
    self.help = help
  }

  static let all: [KnownMetric] = [
    KnownMetric(
      "postern_connections", "gauge", [], "Connections of the web server, kept ones too."),
    KnownMetric(
      "postern_http_request_duration_seconds", "histogram", ["route"],
      "Time from the whole request to the whole answer."),
    KnownMetric(
      "postern_http_requests_total", "counter", ["route", "status"],
      "Requests that were answered; route none is for paths that fit no route."),
    KnownMetric(
      "postern_password_hash_wait_seconds", "histogram", [],
      "Time that a sign-in or a change of password waited until its hash was computed."),
    KnownMetric(
      "postern_password_hashes", "gauge", ["state"],
      "Password hashes that are being computed or wait for their turn."),
    KnownMetric(
      "postern_password_hashes_refused_total", "counter", [],
      "Password hashes that were refused since too many waited, or one for too long."),
    KnownMetric(
      "postern_reloads_total", "counter", ["outcome"],
      "Reloads: done, refused before any worker was replaced, or given up."),
    KnownMetric(
      "postern_security_events_total", "counter", ["event"],
      "Security events of the workers, also of levels that are not logged."),
    KnownMetric(
      "postern_start_time_seconds", "gauge", [],
      "When the service was started, in seconds since 1970."),
    KnownMetric(
      "postern_store_commit_seconds", "histogram", [],
      "Time that it took to make a changed document durable."),
    KnownMetric(
      "postern_store_lock_wait_seconds", "histogram", [],
      "Time until the lock of a folder of the store was had, or given up."),
    KnownMetric(
      "postern_threads", "gauge", ["state"],
      "Threads that serve a request, and spare ones."),
    KnownMetric(
      "postern_worker_restarts_total", "counter", ["reason"],
      "Workers that ended without being told to, and were replaced."),
    KnownMetric(
      "postern_workers", "gauge", ["state"],
      "Worker processes that serve, and such as are starting."),
  ]

  static let help = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0.help) })
}
