import Glibc

/// A folder, held open, in which nobody but the user of this process and root can make, replace or
/// remove anything, and which strangers cannot swap for another.
public struct OwnFolder: Sendable {
  public let path: String
  public let descriptor: FileDescriptor
  private let identity: FolderIdentity

  /// Opens the folder at `path`, also through a link: what counts is where it leads to.
  /// - Throws: `OwnFolderError`
  public init(_ path: String) throws(OwnFolderError) {
    self.path = path
    let reason: String?
    do throws(SystemCallError) {
      descriptor = try System.open(path, O_RDONLY | O_DIRECTORY)
      let status = try System.status(of: descriptor)
      identity = FolderIdentity(status)
      reason = try Self.fault(of: descriptor, status)
    } catch {
      throw .failed(error, path: path)
    }
    if let reason { throw .shared(path: path, reason: reason) }
  }

  /// Whether the path still leads here, and not to another folder or to none. It costs one system
  /// call. No other folder can pass for this one: its number is taken while it is held open.
  public func isAtItsPath() throws(SystemCallError) -> Bool {
    try FolderIdentity(ofPath: path) == identity
  }

  private static func fault(
    of folder: FileDescriptor, _ status: stat
  ) throws(SystemCallError) -> String? {
    if let sharing = System.sharing(of: status) { return sharing }
    return try faultAbove(folder, status)
  }

  /// What lets strangers put another folder in the place of this one, if anything does: a folder
  /// above it that all may write to without the sticky bit (inode(7)), or a user's in one that all
  /// may write to, which may have been put there for us to walk into.
  ///
  /// A folder above may belong to another user elsewhere, and its group may write to it: a
  /// service is often kept below the folder of the user who deploys it, and umask 002 is the default
  /// of many systems.
  private static func faultAbove(
    _ folder: FileDescriptor, _ ownStatus: stat
  ) throws(SystemCallError) -> String? {
    var child = ownStatus
    var steps = 1
    while let parent = try status(above: folder, steps: steps),
      (parent.st_dev, parent.st_ino) != (child.st_dev, child.st_ino)
    {
      if parent.st_mode & 0o002 != 0 {
        if parent.st_mode & S_ISVTX == 0 {
          return "could be swapped for another: all may write to "
            + "\(name(above: folder, steps: steps)) (\(System.mode(of: parent)))"
        }
        if child.st_uid != 0, child.st_uid != geteuid() {
          return "could be swapped for another: \(name(above: folder, steps: steps - 1)) belongs "
            + "to another user (uid \(child.st_uid))"
        }
      }
      child = parent
      steps += 1
    }
    return nil
  }

  /// `nil` from where this user may not look any further: there, others may not write either.
  private static func status(
    above folder: FileDescriptor, steps: Int
  ) throws(SystemCallError) -> stat? {
    do throws(SystemCallError) {
      let path = Array(repeating: "..", count: steps).joined(separator: "/")
      return try System.status(of: path, in: folder)
    } catch  where error.code == EACCES {
      return nil
    }
  }

  private static func name(above folder: FileDescriptor, steps: Int) -> String {
    guard let path = try? System.path(of: folder) else { return "a folder above" }
    return "/" + path.split(separator: "/").dropLast(steps).joined(separator: "/")
  }
}

/// What tells a folder from all others that there are at the same time (inode(7)).
public struct FolderIdentity: Equatable, Sendable {
  private let device: dev_t
  private let number: ino_t

  /// `nil` where there is nothing.
  public init?(ofPath path: String) throws(SystemCallError) {
    guard let status = try System.statusOfTarget(ofPath: path) else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    device = status.st_dev
    number = status.st_ino
  }
}

/// A folder cannot be used as one of our own.
public enum OwnFolderError: Error, Equatable, CustomStringConvertible {
  case failed(SystemCallError, path: String)
  /// Others have their hands in it. The reason tells who, as the predicate of a sentence.
  case shared(path: String, reason: String)

  public var description: String {
    switch self {
    case .failed(let error, let path): "\(path): \(error)"
    case .shared(let path, let reason): "\(path) \(reason)"
    }
  }
}
