import Glibc
import SystemCalls

/// The file that says which process is in charge here, and keeps a second one from starting.
struct PIDFile {
  private let path: String
  /// Its lock, not its being there, says that the process lives.
  private let file: FileDescriptor

  init(_ path: String) throws {
    self.path = path
    file = try System.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o644)
    guard try System.tryLock(file) else {
      throw ConfigurationError("another postern is running: \(path) is locked")
    }
    // Tools of other users read it, whatever our umask.
    try System.setMode(0o644, of: file)
    try System.truncate(file)
    try System.write(Array("\(getpid())\n".utf8), to: file)
  }

  func remove() {
    try? System.remove(path)
  }
}
