import FileDocumentStore
import Glibc
import SystemCalls

/// Which folder of documents and which `keys.json` there are at one moment, and how much room.
struct DataState {
  /// `nil` where the documents are on servers.
  private let folder: String?
  private let identity: FolderIdentity?
  /// `nil` where the keys come from settings.
  private let keysPath: String?
  private let keysVersion: FileVersion?
  private let reserve: DiskReserve

  /// How often to look whether they are still the same.
  static let interval = Duration.seconds(5)

  init(of configuration: PosternConfiguration) {
    folder = configuration.documentFolder
    keysPath = configuration.usesKeyFile ? "\(configuration.data)/keys.json" : nil
    identity = folder.flatMap { try? FolderIdentity(ofPath: $0) }
    keysVersion = keysPath.flatMap(System.version(ofPath:))
    reserve = DiskReserve(size: configuration.diskReserve << 20, interval: .zero)
  }

  /// What is otherwise now, and nobody but the operator can mend.
  var troubles: Set<Trouble> {
    if let folder {
      guard let now = try? FolderIdentity(ofPath: folder), now == identity else { return [.folder] }
    }
    return Set([troubleOfKeys, troubleOfDisk].compactMap(\.self))
  }

  private var troubleOfKeys: Trouble? {
    guard let keysPath, let keysVersion else { return nil }
    switch System.version(ofPath: keysPath) {
    case keysVersion: return nil
    case nil: return .noKeys
    default: return .keys
    }
  }

  private var troubleOfDisk: Trouble? {
    guard let path = folder, let folder = try? System.open(path, O_RDONLY | O_DIRECTORY) else {
      return nil
    }
    return reserve.isShort(in: folder) ? .disk : nil
  }

  enum Trouble: CaseIterable {
    case folder, keys, noKeys, disk

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
      case .disk:
        "the disk of the data folder has less free space than disk.reserve: sign-ins are refused "
          + "until there is more"
      }
    }

    /// What the log is told when it is over.
    var end: String {
      switch self {
      case .folder, .keys, .noKeys:
        "the data folder and keys.json are those that the workers have"
      case .disk: "the disk of the data folder has room again: sign-ins go on"
      }
    }
  }
}
