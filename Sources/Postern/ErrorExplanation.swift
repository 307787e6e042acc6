import Accounts
import DocumentStore
import HandlerKit

/// What the client is told of an error that comes from below the modules.
@Sendable
func explain(_ error: any Error) -> HTTPError? {
  switch error {
  case let error as DocumentStoreError:
    return explanation(of: error)
  case PasswordHasherError.tooMany:
    return .unavailable(
      code: "too_many_sign_ins", retryAfter: 1, logDetail: "too many sign-ins at once")
  case PasswordHasherError.unavailable:
    return .unavailable(
      code: "no_memory", retryAfter: 5, logDetail: "no memory to hash a password")
  default:
    return nil
  }
}

private func explanation(of error: DocumentStoreError) -> HTTPError {
  let (code, retryAfter): (String, Int?)
  switch error {
  case .busy: (code, retryAfter) = ("store_busy", 1)
  case .unavailable: (code, retryAfter) = ("store_unavailable", 5)
  case .full: (code, retryAfter) = ("store_full", 30)
  case .damaged: (code, retryAfter) = ("store_damaged", nil)
  case .invalidKey: (code, retryAfter) = ("store_key", nil)
  case .tooLarge: (code, retryAfter) = ("store_too_large", nil)
  case .nestedUpdate: return .internalServerError(logDetail: error.description)
  }
  // The supervisor tells of a full disk once: a line for each request would take what is left of it.
  let detail: String? = if case .full = error { nil } else { error.description }
  return .unavailable(code: code, retryAfter: retryAfter, logDetail: detail)
}
