import FoundationEssentials
import Glibc
import SystemCalls
import Tokens

/// What a worker has from its supervisor: the settings and the keys of its start. So all workers
/// agree, whatever became of `postern.json`, `keys.json` and the environment meanwhile.
///
/// Handed over in a file without a name, not in arguments or the environment, which others can read.
struct Inheritance {
  let settings: Settings
  let keys: KeyFile

  /// The worker's descriptor of the file.
  static let descriptor: Int32 = 4

  private struct Content: Codable {
    let settings: [String: SettingValue]
    let keys: [UInt8]
  }

  /// The file, to be given to workers as `descriptor`.
  func file() throws -> FileDescriptor {
    let content = Content(settings: settings.values, keys: try keys.encoded())
    return try System.anonymousFile("postern", [UInt8](JSONEncoder().encode(content)))
  }

  init(settings: Settings, keys: KeyFile) {
    self.settings = settings
    self.keys = keys
  }

  /// Reads the file of this worker.
  /// - Throws: `ConfigurationError` where there is none.
  static func read() throws -> Inheritance {
    defer { close(descriptor) }
    return try Inheritance(from: descriptor)
  }

  init(from descriptor: Int32) throws {
    // Opened anew: workers share the descriptor's place in the file.
    guard let file = try? System.open("/proc/self/fd/\(descriptor)", O_RDONLY),
      let bytes = try? System.read(file, limit: Int(System.status(of: file).st_size)),
      let content = try? JSONDecoder().decode(Content.self, from: Data(bytes))
    else { throw ConfigurationError("a supervised worker gets its settings from postern serve") }
    self.init(settings: Settings(content.settings), keys: try KeyFile(content.keys))
  }
}
