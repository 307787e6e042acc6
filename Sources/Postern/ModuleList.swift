import DocumentStore

/// The modules of a program, and what they bring: settings and documents.
struct ModuleList: Sendable {
  /// The modules of this program, for the commands that need them.
  @TaskLocal static var current = ModuleList(standardModules)

  let modules: [any ServiceModule.Type]

  init(_ modules: [any ServiceModule.Type]) {
    self.modules = modules
  }

  /// - Throws: `ConfigurationError` where two modules, or one and Postern, claim the same name.
  init(checking modules: [any ServiceModule.Type]) throws(ConfigurationError) {
    self.init(modules)
    try checkNames()
    try checkSettings()
    try checkCollections()
  }

  var names: [String] { modules.map { $0.name } }
  var settings: [Setting] { Setting.own + modules.flatMap { $0.settings } }
  /// What the environment may hold for `postern serve` alone: child processes do not get it.
  var secretEnvironmentNames: [String] {
    settings.filter(\.isWithheld).map(\.environmentName)
  }
  var documents: [any Document.Type] { ownDocuments + modules.flatMap { $0.documents } }

  private func checkNames() throws(ConfigurationError) {
    for name in names where !Self.isWord(name) {
      throw ConfigurationError("module \(name): a name is of the letters a to z, digits and -")
    }
    if let name = repeated(names) { throw ConfigurationError("two modules are called \(name)") }
  }

  /// The name of a setting must not be the start of another's, which would be an object in
  /// `postern.json`, and its name in the environment must be its own. Postern's own `workers` and
  /// `store` are older than `workers.maxRequests` and `store.redis.waitReplicas`, which the file has as
  /// one word.
  private func checkSettings() throws(ConfigurationError) {
    let names = settings.map(\.name)
    for name in names { try Self.checkName(ofSetting: name) }
    if let name = repeated(names) { throw ConfigurationError("two settings are called \(name)") }
    for name in names {
      if let inner = names.first(where: {
        $0.hasPrefix("\(name).") && !["workers", "store"].contains(name)
      }) {
        throw ConfigurationError("\(inner) and \(name) cannot both be settings")
      }
    }
    // script/server has it.
    if let name = repeated(settings.map(\.environmentName) + ["POSTERN_PORT"]) {
      throw ConfigurationError("two settings are \(name) in the environment")
    }
  }

  static func checkName(ofSetting name: String) throws(ConfigurationError) {
    let words = name.split(separator: ".", omittingEmptySubsequences: false)
    guard words.allSatisfy(isCamelCase) else {
      throw ConfigurationError(
        "setting \(name): a name is of words such as notes.longestText, separated by dots")
    }
  }

  private func checkCollections() throws(ConfigurationError) {
    let collections = documents.map { $0.collection }
    for collection in collections where !Self.isWord(collection) {
      throw ConfigurationError(
        "collection \(collection): a name is of the letters a to z, digits and -")
    }
    if let collection = repeated(collections) {
      throw ConfigurationError("two kinds of documents are kept in \(collection)")
    }
  }

  private func repeated(_ names: [String]) -> String? {
    var seen: Set<String> = []
    return names.first { !seen.insert($0).inserted }
  }

  private static func isWord(_ text: some StringProtocol) -> Bool {
    text.first.map { ("a"..."z").contains($0) } ?? false
      && text.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
      }
  }

  private static func isCamelCase(_ text: some StringProtocol) -> Bool {
    isWord(text.lowercased()) && !text.contains("-") && !(text.first?.isUppercase ?? true)
  }
}
