public import Accounts
public import HandlerKit

extension HTTPError {
  /// 400 with the reason.
  public static func unfitPassword(_ reason: UnfitPassword) -> HTTPError {
    HTTPError(.badRequest, code: "unfit_password", message: reason.description)
  }
}
