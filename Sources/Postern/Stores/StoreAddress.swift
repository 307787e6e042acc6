import FoundationEssentials
import PostgreSQLDocumentStore
import RedisDocumentStore
import SystemCalls
import Tokens

/// Where documents are kept: the value of the setting `store`. Its description holds no password.
enum StoreAddress: Equatable, Sendable, CustomStringConvertible {
  /// `file`: the data folder, with the keys.
  case dataFolder
  /// `file:/var/lib/postern/documents`, or the path alone.
  case folder(String)
  case redis(RedisAddress)
  case postgreSQL(PostgreSQLAddress)

  /// - Parameter name: what has this value, for the error.
  /// - Throws: `ConfigurationError`, which does not hold the text: it may have a password.
  init(_ text: String, of name: String = "store") throws(ConfigurationError) {
    switch text {
    case "file": self = .dataFolder
    case _ where Self.isPath(text): self = .folder(text)
    case _ where text.hasPrefix("file:"):
      let path = String(text.dropFirst("file:".count))
      guard !path.isEmpty, !path.hasPrefix("//") else {
        throw ConfigurationError("\(name) has no path behind file:, such as file:/var/lib/postern")
      }
      self = .folder(path)
    case _ where text.hasPrefix("redis"):
      do {
        self = .redis(try RedisAddress(text))
      } catch {
        throw ConfigurationError("\(name) \(error)")
      }
    case _ where text.hasPrefix("postgres"):
      do {
        self = .postgreSQL(try PostgreSQLAddress(text))
      } catch {
        throw ConfigurationError("\(name) \(error)")
      }
    default:
      throw ConfigurationError(
        "\(name) must be file, file:PATH, or a URL of redis://, redis+unix://, redis+sentinel://, "
          + "redis+cluster:// or postgresql://")
    }
  }

  private static func isPath(_ text: String) -> Bool {
    ["/", "./", "../"].contains(where: text.hasPrefix)
  }

  /// Whether other hosts may use it too.
  var isShared: Bool {
    switch self {
    case .dataFolder, .folder: false
    case .redis, .postgreSQL: true
    }
  }

  /// Whether the text had one.
  var hasPassword: Bool {
    switch self {
    case .dataFolder, .folder: false
    case .redis(let address): address.hasPassword
    case .postgreSQL(let address): address.hasPassword
    }
  }

  var description: String {
    switch self {
    case .dataFolder: "file"
    case .folder(let path): "file:\(path)"
    case .redis(let address): address.description
    case .postgreSQL(let address): address.description
    }
  }
}

extension PosternConfiguration {
  /// The folder of the documents; `nil` where servers have them.
  var documentFolder: String? { folder(of: store) }

  /// `keys.json`; `nil` where there is none, or settings have all keys. A host that only looks after a
  /// shared store needs no data folder.
  /// - Throws: `KeyFileError`
  func keyFile() throws -> KeyFile? {
    guard usesKeyFile else { return nil }
    if store.isShared, try System.statusOfTarget(ofPath: data) == nil { return nil }
    return try KeyFile.load(inFolder: data)
  }

  func folder(of store: StoreAddress) -> String? {
    switch store {
    case .dataFolder: data
    case .folder(let path): path
    case .redis, .postgreSQL: nil
    }
  }
}
