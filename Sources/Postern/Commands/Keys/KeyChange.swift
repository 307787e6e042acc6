import ArgumentParser
import DocumentStore
import FoundationEssentials
import Glibc
import Logging
import SecurityEvents
import SystemCalls
import Tokens

extension KeyAlgorithm: ExpressibleByArgument {}

/// What all commands take that change keys.
struct KeyChangeOptions: ParsableArguments {
  @Flag(help: "Do not ask the running service to reload: it goes on with the keys that it has.")
  var noReload = false

  @Flag(help: "Print what was done as one object, with the keys as \"key list --json\" has them.")
  var json = false

  @OptionGroup var settings: SettingsOptions
}

/// What the commands take that make a key.
struct NewKeyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "HS256, ES256 or Ed25519 (default: that of the key that signs now).", valueName: "name"))
  var algorithm: KeyAlgorithm?

  @Flag(help: "For refresh tokens, which are always of HS256, and not for access tokens.")
  var refresh = false

  @Option(
    help: ArgumentHelp(
      "When the new key begins to sign. By then all workers, and who reads the public keys, have to know it: else some of its tokens are refused.",
      valueName: "seconds"))
  var activateAfter = KeySet.activationDelay

  var kind: KeyFile.Kind { refresh ? .refresh : .access }

  func validate() throws {
    if let algorithm, !kind.algorithms.contains(algorithm) {
      throw ValidationError("Keys of refresh tokens are always of HS256.")
    }
    guard 0...86_400 ~= activateAfter else {
      throw ValidationError("--activate-after takes 0 to 86400 seconds.")
    }
  }

  /// A new key that takes the place of the one that signs now.
  func key(after keys: KeySet, at now: NumericDate) throws -> TokenKey {
    TokenKey(
      try .random(algorithm ?? keys.signing.algorithm), createdAt: now,
      signsFrom: now + activateAfter)
  }
}

/// Changes `keys.json`, says what was done, and has the running service take it.
struct KeyChange {
  let options: KeyChangeOptions
  let configuration: PosternConfiguration
  let time = Date()
  private let logger: Logger

  /// In seconds since 1970.
  var now: NumericDate { Int(time.timeIntervalSince1970) }

  init(_ options: KeyChangeOptions) throws {
    System.keepFilesPrivate()
    System.forbidDumps()
    self.options = options
    configuration = try options.settings.load()
    logger = Logger.postern(configuration)
  }

  /// How long the longest token of this kind lives, in seconds.
  func lifetime(of kind: KeyFile.Kind) -> Int {
    switch kind {
    case .access: configuration.accessLifetime
    case .refresh: configuration.sessions.refreshLifetime
    }
  }

  /// Ends the command where the keys of this kind are not those of `keys.json`.
  func refuseEnvironment(_ kind: KeyFile.Kind) throws {
    let secret = kind == .access ? configuration.accessSecret : configuration.refreshSecret
    guard secret != nil else { return }
    Output.complain(
      "The keys of \(kind.rawValue) tokens come from the setting tokens.\(kind.rawValue)Secret, "
        + "most likely from the environment: change them there, and restart the service.")
    throw ExitCode(EX_CONFIG)
  }

  /// Changes the keys of this kind, without those that have ended by now, and tells the other hosts
  /// of a shared store.
  /// - Returns: the file as it is after that.
  func change(
    _ kind: KeyFile.Kind, _ body: (KeyFile) throws -> KeyFile
  ) throws -> KeyFile {
    try refuseEnvironment(kind)
    // Nothing is changed that the other hosts cannot be told of.
    let store = try sharedStore
    _ = try store?.read(SharedKeys.self, SharedKeys.name)
    for id in try KeyFile.removeEnded(inFolder: configuration.data, at: time) {
      record(.keyRetired, id)
    }
    let file = try KeyFile.update(inFolder: configuration.data, body)
    if let store { try publish(in: store) }
    return file
  }

  /// `nil` where the store is of this machine alone.
  var sharedStore: (any DocumentStore)? {
    get throws {
      guard configuration.store.isShared else { return nil }
      return try openStore(configuration, ifMissing: .refuse())
    }
  }

  /// The keys of this host, those of the environment too.
  private var ownKeys: SharedKeys {
    get throws { try SharedKeys(Services.keys(configuration), at: time) }
  }

  /// Adds the keys of this host to those of the others.
  /// - Throws: `ConfigurationError` where they do not go together.
  func join() throws {
    guard let store = try sharedStore else { return }
    try SharedKeys.join(ownKeys, in: store, at: time)
  }

  /// Makes the keys of this host those that all must have.
  func publish(in store: any DocumentStore) throws {
    do {
      try SharedKeys.publish(ownKeys, in: store)
    } catch let error as DocumentStoreError {
      Output.complain(
        "The keys are changed here, but the other hosts cannot be told: \(error). Run \"postern key "
          + "publish\", then \"postern reload\".")
      throw ExitCode(EX_TEMPFAIL)
    }
  }

  func record(_ event: SecurityEvent, _ id: String, _ more: Logger.Metadata = [:]) {
    logger.record(event, more.merging(["kid": "\(id)"]) { $1 })
  }

  /// Says what was done, and has the running service reload.
  func finish(_ done: String, added: String? = nil, retired: [String] = []) throws {
    let reload = options.noReload ? nil : askForReload()
    let isReloaded = if case .done? = reload { true } else { false }
    if options.json {
      try Output.printJSON(
        Report(
          added: added, retired: retired, reloads: isReloaded,
          keys: KeyRow.all(configuration, at: time)))
    } else {
      print(done)
      switch reload {
      case .done(let text)?: print("The service has them: \(text).")
      case .notAwaited(let process)?:
        print("Process \(process) reloads; its log says what becomes of it.")
      case .notRunning?:
        print("No service runs in \(configuration.run); its next start takes the keys.")
      case nil: print("The service has the keys of before until \"postern reload\".")
      case .failed?: break
      }
    }
    if case .failed(let reason)? = reload {
      Output.complain(
        "The keys are changed, but the running service has those of before: reload \(reason). "
          + "Run \"postern reload\".")
      throw ExitCode(EX_TEMPFAIL)
    }
  }

  /// The keys are changed by now: what keeps it from being asked is told with that.
  private func askForReload() -> AskedReload {
    do {
      return try AskedReload(ofServiceIn: configuration.run)
    } catch {
      return .failed("\(error)")
    }
  }

  private struct Report: Encodable {
    let added: String?
    let retired: [String]
    let reloads: Bool
    let keys: [KeyRow]
  }
}

/// Takes the keys out of `keys.json` that have ended. Nothing depends on it: workers go by the time.
func removeEndedKeys(_ configuration: PosternConfiguration, _ logger: Logger) {
  guard configuration.accessSecret == nil || configuration.refreshSecret == nil else { return }
  // A file that cannot be read is for those to report who need its keys.
  for id in (try? KeyFile.removeEnded(inFolder: configuration.data, at: Date())) ?? [] {
    logger.record(.keyRetired, ["kid": "\(id)"])
  }
}
