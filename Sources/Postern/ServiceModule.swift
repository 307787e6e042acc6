public import Authentication
public import HandlerKit

/// Admits callers by their access token; `Services` has it ready.
public typealias BearerAuthenticator = Authentication.BearerAuthenticator

/// A module that can be made from the services. Whoever writes one conforms to this.
public protocol ServiceModule: HandlerModule {
  /// Takes what it needs and checks its settings, once per worker. An error stops the start; its
  /// description must tell the operator what to mend.
  init(_ services: Services) throws
}
