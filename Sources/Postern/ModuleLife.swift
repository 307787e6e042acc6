/// Makes modules, and shuts down every one that it made.
enum ModuleLife {
  /// What becomes of the modules.
  enum Purpose {
    /// They are made and nothing else: to find out whether they can be.
    case check
    /// They are started, to answer requests.
    case use
  }

  /// Runs `body` with the modules, and shuts them down after it, the last one first; also those that
  /// were made before another one could not be made or started.
  /// - Throws: what a module or `body` throws.
  static func withModules<Result: Sendable>(
    _ types: [any ServiceModule.Type], _ services: Services, for purpose: Purpose,
    _ body: ([any ServiceModule]) async throws -> Result
  ) async throws -> Result {
    var modules: [any ServiceModule] = []
    do {
      for type in types { modules.append(try type.init(services)) }
      if purpose == .use { for module in modules { try await module.start() } }
      let result = try await body(modules)
      await shutDown(modules)
      return result
    } catch {
      await shutDown(modules)
      throw error
    }
  }

  private static func shutDown(_ modules: [any ServiceModule]) async {
    for module in modules.reversed() { await module.shutdown() }
  }
}

extension ModuleList {
  /// Those that the setting `modules.disabled` leaves.
  /// - Throws: `ConfigurationError` where it names none.
  func enabled(_ configuration: PosternConfiguration) throws(ConfigurationError)
    -> [any ServiceModule.Type]
  {
    for name in configuration.disabledModules where !names.contains(name) {
      throw ConfigurationError(
        "modules.disabled names \(name); there are \(names.joined(separator: ", "))")
    }
    return modules.filter { !configuration.disabledModules.contains($0.name) }
  }
}
