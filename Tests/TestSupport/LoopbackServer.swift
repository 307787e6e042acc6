import Foundation
import Glibc
import Synchronization
import XCTest

/// Listens on a free port, and serves each connection on a thread of its own.
public final class LoopbackServer: Sendable {
  public let port: Int
  private let listener: Int32
  /// The connections that are open; `nil` once it is closed.
  private let connections = Mutex<Set<Int32>?>([])

  public var isOpen: Bool { connections.withLock { $0 != nil } }

  /// - Parameter serve: gets the connection, which is closed after it.
  public init(
    _ serve: @escaping @Sendable (_ server: LoopbackServer, _ connection: Int32) -> Void
  ) throws {
    (listener, port) = try Self.bound(backlog: 64)
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, keep(connection) else { break }
        Thread.detachNewThread { [self] in
          serve(self, connection)
          drop(connection)
        }
      }
      close(listener)
    }
  }

  public func closeAll() {
    shutdown(listener, Int32(SHUT_RDWR))
    let open = connections.withLock { connections in
      defer { connections = nil }
      return connections ?? []
    }
    for connection in open { shutdown(connection, Int32(SHUT_RDWR)) }
  }

  /// So that its end is closed when it is closed.
  public func keep(_ connection: Int32) -> Bool {
    connections.withLock { $0?.insert(connection) != nil }
  }

  public func drop(_ connection: Int32) {
    connections.withLock { _ = $0?.remove(connection) }
    close(connection)
  }

  public static func received(from connection: Int32, most: Int = 65_536) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: most)
    let count = recv(connection, &bytes, most, 0)
    return count > 0 ? Array(bytes.prefix(count)) : nil
  }

  @discardableResult
  public static func send(_ bytes: [UInt8], to connection: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }

  // MARK: - Ports

  public static func bound(backlog: Int32) throws -> (listener: Int32, port: Int) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        XCTAssertEqual(bind(listener, $0, size), 0)
        XCTAssertEqual(getsockname(listener, $0, &size), 0)
      }
    }
    if backlog >= 0 { XCTAssertEqual(listen(listener, backlog), 0) }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// One that the kernel has just given out, with room for the bus of a cluster 10,000 above it.
  public static func freePort() throws -> Int {
    while true {
      let (listener, port) = try bound(backlog: -1)
      close(listener)
      if port + 10_000 < 65_536, !isListening(port + 10_000) { return port }
    }
  }

  /// That of a server on a Unix socket.
  public static func connected(toUnixSocket path: String) -> Int32? {
    let connection = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    if status == 0 { return connection }
    close(connection)
    return nil
  }

  public static func connected(to port: Int, flags: Int32 = 0) -> Int32? {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | flags, 0)
    var address = loopback(port)
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if status == 0 || errno == EINPROGRESS { return connection }
    close(connection)
    return nil
  }

  public static func isListening(_ port: Int) -> Bool {
    guard let connection = connected(to: port) else { return false }
    close(connection)
    return true
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    sockaddr_in(
      sin_family: sa_family_t(AF_INET), sin_port: in_port_t(port).bigEndian,
      sin_addr: in_addr(s_addr: UInt32(0x7F00_0001).bigEndian),
      sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
  }
}
