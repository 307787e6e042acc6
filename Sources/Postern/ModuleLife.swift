/// Makes modules, and shuts down every one that it made.
enum ModuleLife {
  /// What becomes of the modules.
  enum Purpose {
    /// They are made and nothing else: to find out whether they can be.
    case check
    /// They are started, to answer requests.
    case use
  }

  /// Runs `body` with the modules, and shuts them down after it.
  /// - Throws: what a module or `body` throws.
  static func withModules<Result: Sendable>(
    _ types: [any ServiceModule.Type], _ services: Services, for purpose: Purpose,
    _ body: ([any ServiceModule]) async throws -> Result
  ) async throws -> Result {
    let modules = try await make(types, services, for: purpose)
    do {
      let result = try await body(modules)
      await shutDown(modules)
      return result
    } catch {
      await shutDown(modules)
      throw error
    }
  }

  /// The modules, to be shut down by the caller. Where one of them cannot be made or started, those
  /// that were made are shut down.
  /// - Throws: what the module throws.
  static func make(
    _ types: [any ServiceModule.Type], _ services: Services, for purpose: Purpose
  ) async throws -> [any ServiceModule] {
    var modules: [any ServiceModule] = []
    do {
      for type in types { modules.append(try type.init(services)) }
      if purpose == .use { for module in modules { try await module.start() } }
      return modules
    } catch {
      await shutDown(modules)
      throw error
    }
  }

  /// The last one that was made comes first.
  static func shutDown(_ modules: [any ServiceModule]) async {
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
