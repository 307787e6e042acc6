import HandlerKit
import Postern

/// A module of one's own: it answers two routes, one of them for people who are signed in.
struct HelloModule: ServiceModule {
  static let name = "hello"
  let bearer: BearerAuthenticator

  init(_ services: Services) { bearer = services.bearer }

  var routes: [Route] {
    Route(.get, "/hello") { request in .text("Hello, \(request.remoteAddress)") }
    Route(.get, "/hello/me", for: bearer) { _, caller in .text("Hello, \(caller.user.username)") }
  }
}

Postern.run(modules: Postern.standardModules + [HelloModule.self])
