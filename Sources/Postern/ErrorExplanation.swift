import Accounts
import DocumentStore
import HandlerKit

/// What the client is told of an error that comes from below the modules.
@Sendable
func explain(_ error: any Error) -> HTTPError? {
  switch error {
  case let error as DocumentStoreError:
    let (code, retryAfter): (String, Int?) =
      switch error {
      case .busy: ("store_busy", 1)
      case .failed: ("store_unavailable", 5)
      case .damaged: ("store_damaged", nil)
      case .invalidKey: ("store_key", nil)
      }
    return .unavailable(code: code, retryAfter: retryAfter, logDetail: error.description)
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
