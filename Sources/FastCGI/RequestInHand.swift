/// A request that has been taken and is not answered yet.
public struct RequestInHand: Sendable {
  /// Names it in the log and in the answer's `X-Request-Id`.
  public let id: String
  /// The path of its route, such as `/sessions/{id}`; `nil` where there is none.
  public let route: String?
  /// Since it was read whole. Time in which the machine was suspended does not count.
  public let age: Duration
}

/// What a connection remembers of the request in hand: no more than costs nothing.
struct TakenRequest: Sendable {
  let id: String
  let path: String
  let time: SuspendingClock.Instant
}
