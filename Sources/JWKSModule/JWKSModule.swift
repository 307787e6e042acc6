import HTTPTypes
public import HandlerKit
public import Tokens

/// `GET /.well-known/jwks.json`: the public keys that verify access tokens (RFC 7517 §5), for services
/// that check them by themselves. An empty set while only HS256 is used: its keys are secret.
public struct JWKSModule: HandlerModule {
  public static let name = "jwks"

  private let tokens: TokenIssuer

  public init(tokens: TokenIssuer) {
    self.tokens = tokens
  }

  public var routes: [Route] {
    Route(.get, "/.well-known/jwks.json") { request in
      var response = try Response.json(
        tokens.publicKeys(at: request.time), contentType: "application/jwk-set+json")
      // A new key is shown for longer than this before it signs.
      response.headers[.cacheControl] = "public, max-age=\(KeySet.publicKeysAge)"
      return response
    }
  }
}
