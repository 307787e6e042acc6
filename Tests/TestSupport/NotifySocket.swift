import Foundation
import SystemCalls

/// The end of a service manager: what a service tells it by sd_notify(3).
public final class NotifySocket: Sendable {
  /// As `NOTIFY_SOCKET` has it.
  public let name: String
  private let descriptor: FileDescriptor

  public struct Unusable: Error {}

  /// - Parameter name: a path, or `@` and an abstract name.
  public init(_ name: String) throws {
    self.name = name
    descriptor = FileDescriptor(
      Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { path in
      path.copyBytes(from: name.utf8)
      if name.hasPrefix("@") { path[0] = 0 }
    }
    let size = MemoryLayout<sa_family_t>.size + name.utf8.count + (name.hasPrefix("@") ? 0 : 1)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor.number, $0, socklen_t(size))
      }
    }
    guard result == 0 else { throw Unusable() }
  }

  /// The lines of the next message; none where there is none within so many milliseconds.
  public func message(within milliseconds: Int32) -> [String] {
    guard
      (try? System.waitForInput([descriptor.number], milliseconds: milliseconds))?.isEmpty
        == false, let bytes = try? System.receive(descriptor, limit: 4_096)
    else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// All lines, up to and with the first that begins with `end`; `nil` where none comes in time.
  public func lines(upTo end: String, within seconds: Double) -> [String]? {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var lines: [String] = []
    while ContinuousClock.now < deadline {
      lines += message(within: 100)
      if lines.contains(where: { $0.hasPrefix(end) }) { return lines }
    }
    return nil
  }
}
