import Foundation
import Glibc
import TestSupport

/// A connection to nginx that sends bytes as they are given.
///
/// `@unchecked Sendable`: used by one thread at a time.
final class HTTPConnection: @unchecked Sendable {
  private let socket: Int32
  private var received: [UInt8] = []

  /// - Parameter host: the end of 127.0.0.0/8 to come from: 2 is 127.0.0.2.
  init(port: UInt16, from host: UInt32 = 1, timeout seconds: Int = 30) throws {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    socket = Glibc.socket(AF_INET, type, 0)
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    var one: Int32 = 1
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    guard withLoopbackAddress(host, port: 0, { bind(socket, $0, $1) }) == 0,
      withLoopbackAddress(port: port, { connect(socket, $0, $1) }) == 0
    else {
      let reason = String(cString: strerror(errno))
      close(socket)
      throw Trouble("connect: \(reason)")
    }
  }

  deinit { close(socket) }

  func send(_ bytes: some Collection<UInt8>) throws {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Trouble("send: \(String(cString: strerror(errno)))") }
      rest = rest.dropFirst(count)
    }
  }

  func ask(_ call: HTTPCall) throws -> HTTPAnswer {
    try send(call.bytes(keepAlive: true))
    return try receive(hasBody: call.method != "HEAD")
  }

  /// The next answer on this connection.
  func receive(hasBody: Bool = true) throws -> HTTPAnswer {
    let answer = try read(hasBody: hasBody)
    Evidence.noteTokens(
      in: answer.body + answer.values(of: "Set-Cookie").joined(separator: " ").utf8)
    return answer
  }

  private func read(hasBody: Bool) throws -> HTTPAnswer {
    let end = Array("\r\n\r\n".utf8)
    var answer = try HTTPAnswer(head: try take(upTo: end))
    guard hasBody, answer.status != 204, answer.status != 304 else { return answer }
    if let length = answer["Content-Length"].flatMap({ Int($0) }) {
      answer.body = try take(length)
    } else if answer["Transfer-Encoding"]?.lowercased() == "chunked" {
      while true {
        let line = String(decoding: try take(upTo: Array("\r\n".utf8)), as: UTF8.self)
        guard let size = Int(line, radix: 16) else { throw Trouble("no chunk size: \(line)") }
        answer.body += try take(size)
        _ = try take(2)
        if size == 0 { break }
      }
    } else {
      while try more() {}
      answer.body = received
      received = []
    }
    return answer
  }

  /// Whether there is something to read by now, or the other end has closed.
  var isReadable: Bool {
    var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return !received.isEmpty || poll(&entry, 1, 0) > 0
  }

  /// Whether the other end closes without another byte.
  func isClosedByPeer() throws -> Bool {
    guard received.isEmpty else { return false }
    return try !more()
  }

  /// So many bytes that are no answer of HTTP/1.1.
  func take(_ count: Int) throws -> [UInt8] {
    while received.count < count {
      guard try more() else { throw Trouble("closed in the middle of an answer") }
    }
    defer { received.removeFirst(count) }
    return Array(received[..<count])
  }

  private func take(upTo end: [UInt8]) throws -> [UInt8] {
    while true {
      if let range = received.firstRange(of: end) {
        defer { received.removeSubrange(..<range.upperBound) }
        return Array(received[..<range.lowerBound])
      }
      guard try more() else { throw Trouble("closed without an answer") }
    }
  }

  private func more() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(socket, &buffer, buffer.count, 0)
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == ECONNRESET { return false }
      guard count >= 0 else { throw Trouble("recv: \(String(cString: strerror(errno)))") }
      received += buffer[..<count]
      return count > 0
    }
  }
}

/// A port of the loopback interface on which nobody listens.
func freePort() throws -> UInt16 {
  let probe = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  defer { close(probe) }
  guard withLoopbackAddress(port: 0, { bind(probe, $0, $1) }) == 0 else {
    throw Trouble("no port is free")
  }
  var address = sockaddr_in()
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  _ = withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(probe, $0, &size) }
  }
  return UInt16(bigEndian: address.sin_port)
}

private func withLoopbackAddress(
  _ host: UInt32 = 1, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = (0x7F00_0000 + host).bigEndian
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}
