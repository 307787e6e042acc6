public import Glibc

extension System {
  /// Who besides root and the user of this process may change a file or folder, as the predicate
  /// of a sentence: `belongs to another user (uid 33)`. `nil` for nobody.
  ///
  /// Access control lists are seen, too: the group's bits are their mask (acl(5)).
  /// - Parameter mayBeRoots: whether it may belong to root.
  public static func sharing(of status: stat, mayBeRoots: Bool = false) -> String? {
    if status.st_uid != geteuid() && !(mayBeRoots && status.st_uid == 0) {
      return "belongs to another user (uid \(status.st_uid))"
    }
    if status.st_mode & 0o022 != 0 {
      return "can be written to by others (\(mode(of: status)))"
    }
    return nil
  }

  static func mode(of status: stat) -> String {
    "mode 0\(String(status.st_mode & 0o7777, radix: 8))"
  }
}
