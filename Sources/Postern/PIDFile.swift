import Glibc
import SystemCalls

/// The file that says which process uses a run folder, and keeps a second one from starting. Only
/// its owner can open it: every process that can, can hold its lock.
struct PIDFile {
  private static let name = "postern.pid"

  private let folder: OwnFolder
  /// The process lives while this is locked; that there is a file says nothing.
  let file: FileDescriptor

  /// Takes the pid file of `folder`, and makes it where there is none.
  /// - Returns: `nil` where there is one that others may open or own, as earlier versions made
  ///   it: its lock says nothing. Whether another process uses the folder, the socket has to tell;
  ///   if not, `replace` it.
  /// - Throws: `ConfigurationError` where another process has it, or where it is no file.
  static func take(in folder: OwnFolder) throws -> PIDFile? {
    while try isForUsAlone(in: folder) {
      guard let file = try make(in: folder) ?? open(in: folder) else { continue }
      guard try System.tryLock(file) else { throw isTaken(in: folder) }
      // Its holder may have removed it since it was opened.
      if try isNamed(file, in: folder) { return try PIDFile(folder: folder, file: file) }
    }
    return nil
  }

  /// The process that has the pid file of `folder`, if one does.
  static func holder(in folder: OwnFolder) throws -> pid_t? {
    guard let file = try open(in: folder), try !System.tryLock(file) else { return nil }
    let text = String(decoding: try System.read(file, limit: 16), as: UTF8.self)
    return text.split(separator: "\n").first.flatMap { pid_t($0) }
  }

  /// Puts a new pid file in the place of one that others may have locked.
  static func replace(in folder: OwnFolder) throws -> PIDFile {
    try System.remove(name, in: folder.descriptor)
    guard let file = try make(in: folder), try System.tryLock(file) else {
      throw isTaken(in: folder)
    }
    return try PIDFile(folder: folder, file: file)
  }

  /// - Parameter file: locked.
  private init(folder: OwnFolder, file: FileDescriptor) throws {
    self.folder = folder
    self.file = file
    try System.truncate(file)
    try System.write(Array("\(getpid())\n".utf8), to: file)
  }

  /// The file that an earlier program of this process locked and wrote.
  init(takingOver descriptor: Int32, in folder: OwnFolder) {
    self.folder = folder
    file = FileDescriptor(descriptor)
  }

  func remove() {
    guard (try? Self.isNamed(file, in: folder)) == true else { return }
    try? System.remove(Self.name, in: folder.descriptor)
  }

  /// Whether only this user can open the file, if there is one.
  private static func isForUsAlone(in folder: OwnFolder) throws -> Bool {
    guard let status = try System.status(of: name, in: folder.descriptor) else { return true }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ConfigurationError("there is something else than a file at \(path(in: folder))")
    }
    return status.st_uid == geteuid() && status.st_mode & 0o077 == 0 && status.st_nlink <= 1
  }

  /// Returns `nil` where there is none any longer.
  private static func open(in folder: OwnFolder) throws -> FileDescriptor? {
    do {
      return try System.open(name, in: folder.descriptor, O_RDWR | O_NONBLOCK)
    } catch  where error.code == ENOENT {
      return nil
    }
  }

  /// Returns `nil` where another process was faster.
  private static func make(in folder: OwnFolder) throws -> FileDescriptor? {
    do {
      let file = try System.open(
        name, in: folder.descriptor, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
      try System.setMode(0o600, of: file)
      return file
    } catch  where error.code == EEXIST {
      return nil
    }
  }

  private static func isNamed(_ file: FileDescriptor, in folder: OwnFolder) throws -> Bool {
    guard let named = try System.status(of: name, in: folder.descriptor) else { return false }
    let opened = try System.status(of: file)
    return (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)
  }

  private static func isTaken(in folder: OwnFolder) -> ConfigurationError {
    ConfigurationError("another postern is running: \(path(in: folder)) is locked")
  }

  private static func path(in folder: OwnFolder) -> String { "\(folder.path)/\(name)" }
}
