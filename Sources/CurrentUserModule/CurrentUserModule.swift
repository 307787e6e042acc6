public import Accounts
public import Authentication
public import HandlerKit

/// `GET /current-user`: who the caller is, as the store has them now.
public struct CurrentUserModule: HandlerModule {
  public static let name = "current-user"

  private let users: UserDirectory
  private let bearer: BearerAuthenticator

  public init(users: UserDirectory, bearer: BearerAuthenticator) {
    self.users = users
    self.bearer = bearer
  }

  public var routes: [Route] {
    Route(.get, "/current-user", for: bearer) { _, caller in
      guard let user = try users.activeUser(named: caller.user.username, id: caller.sub) else {
        throw HTTPError.invalidToken
      }
      return try .json(PublicUser(user))
    }
  }
}
