import ForeignInput
public import Foundation
public import Tokens

extension TokenIssuer {
  public func verifyAccessToken(_ token: String, at time: Date) throws(TokenError) -> AccessClaims {
    try verifyAccessToken(ForeignText(token), at: time)
  }

  public func verifyRefreshToken(
    _ token: String, at time: Date
  ) throws(TokenError) -> RefreshClaims {
    try verifyRefreshToken(ForeignText(token), at: time)
  }
}
