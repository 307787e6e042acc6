/// How long a worker may hold a request: the setting `workers.requestTimeout`, as php-fpm's
/// `request_terminate_timeout`.
struct RequestLimit {
  let duration: Duration
  /// How often a worker looks at what it has in hand, and reports that it reacts.
  var interval: Duration { duration / 4 }
  /// After how long without a report it does not react.
  var silence: Duration { duration + interval }

  /// - Parameter seconds: 0 for no limit.
  init?(seconds: Int) {
    guard seconds > 0 else { return nil }
    duration = .seconds(seconds)
  }
}
