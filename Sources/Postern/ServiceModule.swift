public import Authentication
public import DocumentStore
public import HandlerKit

/// Admits callers by their access token; `Services` has it ready.
public typealias BearerAuthenticator = Authentication.BearerAuthenticator

/// A module that can be made from the services. Modules conform to this.
///
/// Its life: `init` in the supervisor, to check, and in each worker; `start()` in workers alone;
/// then requests; `shutdown()` for every one that was made, also where the start failed.
public protocol ServiceModule: HandlerModule {
  /// Settings of its own, which `services.settings` has. No other module may have their names.
  static var settings: [Setting] { get }

  /// The documents that it keeps, for `postern check` and `postern sweep`. No other module may
  /// have their collections. `postern user delete` removes those that have the user's id as their
  /// key.
  static var documents: [any Document.Type] { get }

  /// Takes what it needs and checks its settings. Opens nothing and starts nothing: the supervisor
  /// makes it too. An error stops the start; its description must tell the operator what to mend.
  init(_ services: Services) throws

  /// Opens what the module needs while it is used, such as a connection. Called once per worker,
  /// before the first request. An error ends the worker.
  func start() async throws
}

extension ServiceModule {
  public static var settings: [Setting] { [] }
  public static var documents: [any Document.Type] { [] }

  public func start() async throws {}
}

extension Services {
  /// The router of the service over `modules`.
  func router(
    over modules: [any ServiceModule], observers: [any RequestObserver] = []
  ) throws -> Router {
    try Router(
      modules, cors: CORSPolicy(allowedOrigins: configuration.allowedOrigins), logger: logger,
      explain: explain, observers: [ForeignPageNotice(logger: logger)] + observers)
  }

  /// Makes and starts modules, for tests.
  package func startModules(
    _ types: [any ServiceModule.Type]
  ) async throws -> (modules: [any ServiceModule], router: Router) {
    let enabled = try ModuleList(types).enabled(configuration)
    let modules = try await ModuleLife.make(enabled, self, for: .use)
    do {
      return (modules, try router(over: modules))
    } catch {
      await shutDown(modules)
      throw error
    }
  }

  package func shutDown(_ modules: [any ServiceModule]) async {
    await ModuleLife.shutDown(modules)
  }
}
