import HandlerKit

/// A module of whatever routes a test needs.
struct SampleModule: HandlerModule {
  static let name = "sample"
  let given: [Route]

  init(@RouteBuilder _ routes: () -> [Route]) { given = routes() }

  var routes: [Route] { given }
}

/// An error that tells a secret to whoever prints it.
struct TellingError: Error, CustomStringConvertible, CustomDebugStringConvertible {
  var secret = "hunter2"
  var description: String { secret }
  var debugDescription: String { secret }
}
