import Glibc

/// A system call failed with `code` (errno(3)).
public struct SystemCallError: Error, Equatable, CustomStringConvertible {
  public let call: String
  public let code: Int32

  public init(call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  public var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// The system calls of Postern, each under its own name: EINTR is retried, any other error thrown.
public enum System {
  @discardableResult
  static func retrying<I: FixedWidthInteger>(
    _ call: String, _ body: () -> I
  ) throws(SystemCallError) -> I {
    while true {
      let result = body()
      if result != -1 { return result }
      if errno != EINTR { throw SystemCallError(call: call, code: errno) }
    }
  }

  @discardableResult
  static func withoutRetry<I: FixedWidthInteger>(
    _ call: String, _ body: () -> I
  ) throws(SystemCallError) -> I {
    let result = body()
    if result == -1 { throw SystemCallError(call: call, code: errno) }
    return result
  }
}
