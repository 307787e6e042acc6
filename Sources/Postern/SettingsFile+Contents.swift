import Glibc
import SystemCalls

extension SettingsFile {
  /// In bytes; all settings there are take a hundredth of it.
  private static let sizeLimit = 1 << 20

  /// The bytes of a file that only this user and root can write to: others could decide
  /// where passwords go. A link is followed, as orchestrators keep settings behind one; what counts
  /// is the file that it leads to, so all is asked of the open one.
  /// - Returns: `nil` where there is none and none need be.
  static func contents(
    ofFile path: String, isOptional: Bool
  ) throws(ConfigurationError) -> [UInt8]? {
    let file: FileDescriptor
    let status: stat
    do throws(SystemCallError) {
      // Not to wait for the other end of a pipe.
      file = try System.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
      status = try System.status(of: file)
    } catch {
      if isOptional, isMissing(path, error) { return nil }
      throw ConfigurationError("\(path) cannot be read: \(error)")
    }
    if let fault = fault(of: status) { throw ConfigurationError("\(path) \(fault)") }
    do throws(SystemCallError) {
      return try System.read(file, limit: sizeLimit)
    } catch {
      throw ConfigurationError("\(path) cannot be read: \(error)")
    }
  }

  /// A link that leads nowhere was meant to lead somewhere. A working folder that this user may not
  /// look into, which `sudo -u` leaves one in, has no file for this user.
  private static func isMissing(_ path: String, _ error: SystemCallError) -> Bool {
    guard error.code == ENOENT || error.code == EACCES && !path.hasPrefix("/") else { return false }
    return (try? System.status(ofPath: path)) == nil
  }

  private static func fault(of status: stat) -> String? {
    if status.st_mode & S_IFMT != S_IFREG { return "is not a regular file" }
    if let sharing = System.sharing(of: status, mayBeRoots: true) { return sharing }
    return status.st_size > sizeLimit ? "is larger than \(sizeLimit) bytes" : nil
  }
}
