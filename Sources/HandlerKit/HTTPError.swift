public import HTTPTypes

/// An answer that is not a success.
///
/// What the client may read (`message`, `code`) is kept apart from what only the log may hold
/// (`logDetail`).
public struct HTTPError: Error, Sendable {
  public var status: HTTPResponse.Status
  /// A stable machine-readable word: the `code` of the problem details.
  public var code: String
  /// The body of the answer. Existing clients show it to people as it is.
  public var message: String
  public var headers: HTTPFields
  /// For the log alone. It must not hold a password, a hash, a token or any other input.
  public var logDetail: String?

  public init(
    _ status: HTTPResponse.Status,
    code: String,
    message: String,
    headers: HTTPFields = [:],
    logDetail: String? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.headers = headers
    self.logDetail = logDetail
  }
}

extension HTTPError {
  /// 404: no route has this path.
  public static let notFound = HTTPError(.notFound, code: "not_found", message: "Not found")

  /// 405 with `Allow` (RFC 9110 §15.5.6): the path is known, the method is not among its own.
  static func methodNotAllowed(allow: String) -> HTTPError {
    HTTPError(
      .methodNotAllowed,
      code: "method_not_allowed",
      message: "Method not allowed",
      headers: [.allow: allow])
  }

  /// 400: the request itself cannot be understood.
  public static func badRequest(_ message: String) -> HTTPError {
    HTTPError(.badRequest, code: "bad_request", message: message)
  }

  /// 400: fields are missing, or the body cannot be read. Existing login pages show this text.
  public static let invalidData = badRequest("Please enter valid data!")

  /// 413: the body is larger than a request may be.
  public static let contentTooLarge = HTTPError(
    .contentTooLarge, code: "content_too_large", message: "The request is too large")

  /// 431 (RFC 6585 §5): there are more header fields than a request may have.
  public static let headerFieldsTooLarge = HTTPError(
    .requestHeaderFieldsTooLarge, code: "header_fields_too_large",
    message: "The request has too many header fields")

  /// 415: the body is of a type or an encoding that no route reads.
  public static let unsupportedMediaType = HTTPError(
    .unsupportedMediaType,
    code: "unsupported_media_type",
    message: "Content-Type must be application/json or application/x-www-form-urlencoded")

  /// 429 with `Retry-After` in whole seconds, at least 1.
  public static func tooManyAttempts(retryAfter seconds: Int) -> HTTPError {
    HTTPError(
      .tooManyRequests,
      code: "too_many_requests",
      message: "Too many attempts, please try again later",
      headers: [.retryAfter: String(max(1, seconds))])
  }

  /// 503: trouble that is not the client's. `retryAfter` (seconds) only where trying again helps.
  public static func unavailable(
    code: String, retryAfter seconds: Int?, logDetail: String?
  ) -> HTTPError {
    HTTPError(
      .serviceUnavailable,
      code: code,
      message: "The service is unavailable for the moment",
      headers: seconds.map { [.retryAfter: String($0)] } ?? [:],
      logDetail: logDetail)
  }

  /// 500: a fault of ours.
  public static func internalServerError(logDetail: String) -> HTTPError {
    HTTPError(
      .internalServerError,
      code: "internal_error",
      message: "Something went wrong",
      logDetail: logDetail)
  }
}
