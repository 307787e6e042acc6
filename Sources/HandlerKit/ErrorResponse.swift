import ForeignInput
import HTTPTypes

extension Response {
  /// `error` as the client asked for it: plain text, or problem details (RFC 9457) where its
  /// `Accept` names them.
  init(_ error: HTTPError, accept: ForeignText?) {
    if namesProblemDetails(accept), let problem = try? Response.problem(error) {
      self = problem
    } else {
      self = .text(error.message, status: error.status)
    }
    for field in error.headers { headers[field.name] = field.value }
  }

  private static func problem(_ error: HTTPError) throws -> Response {
    try .json(
      ProblemDetails(
        title: error.status.reasonPhrase,
        status: error.status.code,
        detail: error.message,
        code: error.code),
      status: error.status,
      contentType: "application/problem+json")
  }
}

/// RFC 9457 §3.1. The type is `about:blank`: the status says it all, and `code` says it finer.
private struct ProblemDetails: Encodable {
  var type = "about:blank"
  let title: String
  let status: Int
  let detail: String
  let code: String
}

private func namesProblemDetails(_ accept: ForeignText?) -> Bool {
  guard let accept else { return false }
  return accept.bytes.parts(between: ",").contains {
    MediaType($0)?.name == "application/problem+json"
  }
}
