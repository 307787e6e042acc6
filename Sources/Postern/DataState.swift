import SystemCalls

/// Which folder of documents and which `keys.json` there are at one moment.
struct DataState {
  /// `nil` where the documents are on servers.
  private let folder: String?
  private let identity: FolderIdentity?
  /// `nil` where the keys come from settings.
  private let keysPath: String?
  private let keysVersion: FileVersion?

  /// How often to look whether they are still the same.
  static let interval = Duration.seconds(5)

  init(of configuration: PosternConfiguration) {
    folder = configuration.documentFolder
    keysPath = configuration.usesKeyFile ? "\(configuration.data)/keys.json" : nil
    identity = folder.flatMap { try? FolderIdentity(ofPath: $0) }
    keysVersion = keysPath.flatMap(System.version(ofPath:))
  }

  /// What is otherwise now, and nobody but the operator can mend.
  var troubles: Set<Trouble> {
    if let folder {
      guard let now = try? FolderIdentity(ofPath: folder), now == identity else { return [.folder] }
    }
    guard let keysPath, let keysVersion else { return [] }
    switch System.version(ofPath: keysPath) {
    case keysVersion: return []
    case nil: return [.noKeys]
    default: return [.keys]
    }
  }

  enum Trouble: CaseIterable {
    case folder, keys, noKeys

    var description: String {
      switch self {
      case .folder:
        "the data folder is not the one that the workers opened: they refuse requests until it is "
          + "back, or until postern reload"
      case .keys:
        "keys.json has changed: workers go on with the keys that they have until postern reload"
      case .noKeys:
        "keys.json is missing: workers go on with the keys that they have, but a restart would make "
          + "new ones and sign everybody out"
      }
    }
  }
}
