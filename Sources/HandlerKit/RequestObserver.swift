/// Sees each request that the router has answered: the place for metrics and events.
public protocol RequestObserver: Sendable {
  /// Called on the request's thread before its answer is sent, so it must be quick and must not
  /// block.
  /// - Parameter response: the answer, with all its headers.
  func observe(_ request: Request, _ response: Response, _ outcome: RequestOutcome)
}

/// What became of a request, beside its answer.
public struct RequestOutcome: Sendable {
  /// The path of the route that the request's path fits, such as `/sessions/{id}`, whatever the
  /// method; `nil` where there is none. There are as many as routes, whatever clients send.
  public let route: String?
  /// The place of that path among `Router.paths(of:)`, so that observers need not look it up.
  public let routeNumber: Int?
  /// What the answer was made of, where it was an error. Its `logDetail` is not for the client.
  public let error: HTTPError?
  /// From the call of the router to its answer.
  public let duration: Duration
}
