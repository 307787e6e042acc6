import FoundationEssentials
import Glibc
import SystemCalls
import Tokens

/// What a worker has from its supervisor: the settings and the keys of its start. So all workers
/// agree, also when `postern.json`, `keys.json` or the environment have changed since.
///
/// Handed over in a file without a name, not in arguments or the environment, which others can read.
struct Inheritance {
  let settings: Settings
  let keys: KeyFile
  /// What state of a supervisor the program that wrote this can go on from; `nil` for none.
  private(set) var supervisorVersion: Int? = SupervisorState.version

  /// The worker's descriptor of the file.
  static let descriptor: Int32 = 4

  private static let encoder = JSONEncoder()
  private static let decoder = JSONDecoder()

  private struct Content: Codable {
    let settings: [String: SettingValue]
    let keys: [UInt8]
    let supervisor: Int?
  }

  /// The file, to be given to workers as `descriptor`.
  func file() throws -> FileDescriptor {
    let file = try System.anonymousFile("postern")
    try write(to: file)
    return file
  }

  /// - Parameter file: empty.
  func write(to file: FileDescriptor) throws {
    let content = Content(
      settings: settings.values, keys: try keys.encoded(), supervisor: supervisorVersion)
    try System.write([UInt8](Self.encoder.encode(content)), to: file)
  }

  init(settings: Settings, keys: KeyFile) {
    self.settings = settings
    self.keys = keys
  }

  /// Reads the file of this worker.
  /// - Throws: `ConfigurationError` where there is none.
  static func read() throws -> Inheritance {
    try Inheritance(from: FileDescriptor(descriptor))
  }

  init(from inherited: FileDescriptor) throws {
    defer { withExtendedLifetime(inherited) {} }
    // Opened again: workers that share a descriptor share its position in the file.
    guard let file = try? System.open("/proc/self/fd/\(inherited.number)", O_RDONLY),
      let bytes = try? System.read(file, limit: Int(System.status(of: file).st_size)),
      let content = try? Self.decoder.decode(Content.self, from: Data(bytes))
    else { throw ConfigurationError("a supervised worker gets its settings from postern serve") }
    self.init(settings: Settings(content.settings), keys: try KeyFile(content.keys))
    supervisorVersion = content.supervisor
  }
}
