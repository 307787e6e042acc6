/// A handler: a value that holds what it needs and says which routes it answers.
///
/// ```swift
/// struct HelloModule: HandlerModule {
///   static let name = "hello"
///   var routes: [Route] {
///     Route(.get, "/hello") { request in .text("Hello, \(request.remoteAddress)") }
///   }
/// }
/// ```
public protocol HandlerModule: Sendable {
  /// Names the module in configuration and logs: one lower-case word, such as `refresh`.
  static var name: String { get }

  /// The routes that this module answers. Two modules that claim one route stop the start.
  @RouteBuilder var routes: [Route] { get }

  /// Called once per worker, after the last request.
  func shutdown() async
}

extension HandlerModule {
  public func shutdown() async {}
}
