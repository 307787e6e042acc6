/// A time on this machine's monotonic clock, in microseconds.
typealias Microseconds = Int

/// One request as its client saw it: when it was sent, when the answer had come, and what it said.
///
/// Sessions, tokens and passwords are numbers: the same number for the same bytes.
struct Operation: Sendable {
  let client: Int
  let start: Microseconds
  /// When the outcome was known; `never` where the client gave up waiting.
  let end: Microseconds
  let request: Call
  let answer: Answer

  static let never = Microseconds.max
}

/// What was asked for.
enum Call: Hashable, Sendable {
  case signIn(password: Int)
  case refresh(session: Int, token: Int)
  case signOut(session: Int)
  /// `GET /sessions`, by the access token of `caller`.
  case list(caller: Int)
  /// `DELETE /sessions/{id}`, by the access token of `caller`.
  case endOne(session: Int, caller: Int)
  /// `DELETE /sessions`, by the access token of `keeping`.
  case endOthers(keeping: Int)
  case changePassword(from: Int, to: Int, keeping: Int)
}

/// What came of it.
enum Answer: Hashable, Sendable {
  /// 200 with a refresh token of this session.
  case token(session: Int, token: Int)
  /// 200 with a list of sessions, in its order.
  case sessions([Int])
  /// 204
  case done
  /// 400: wrong password.
  case passwordWrong
  /// 403 `Refresh token is wrong`
  case tokenWrong
  /// 403 `There is no refresh token for the user`
  case noSession
  /// 404
  case notFound
  /// 401: the session of the access token has ended.
  case callerEnded
  /// 503, or the connection ended, or no answer came: it happened, or it did not.
  case unknown
  /// Anything else. Nothing explains it.
  case unexpected(String)
}

extension Operation: CustomStringConvertible {
  var description: String { "client \(client) [\(start), \(end)] \(request) → \(answer)" }
}
