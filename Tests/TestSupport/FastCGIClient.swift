import Foundation
import SystemCalls

/// A web server's end of one FastCGI connection.
public final class FastCGIClient: Sendable {
  private let descriptor: FileDescriptor
  private var socket: Int32 { descriptor.number }

  /// The peer closed the connection before its answer was whole, or said nothing for too long.
  public struct Ended: Error, Equatable {}

  /// - Parameter seconds: how long a call waits for the peer.
  public init(path: String, timeout seconds: Int = 20) throws {
    descriptor = FileDescriptor(Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
    try System.setTimeout(seconds: seconds, of: descriptor)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw Ended() }
  }

  /// Says that nothing more will be sent.
  public func endSending() {
    shutdown(socket, Int32(SHUT_WR))
  }

  /// - Returns: whether all of it could be sent.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  public func send(_ records: FastCGIRecord...) {
    send(records.flatMap(\.bytes))
  }

  /// Sends a whole request as nginx does.
  public func send(
    _ method: String = "GET", _ path: String, body: [UInt8] = [],
    parameters: [(String, String)] = [], keep: Bool = true
  ) {
    var bytes = Self.head(method, path, length: body.count, parameters: parameters, keep: keep)
    for start in stride(from: 0, to: body.count, by: 32_768) {
      bytes += FastCGIRecord(.standardInput, Array(body[start...].prefix(32_768))).bytes
    }
    send(bytes + FastCGIRecord(.standardInput).bytes)
  }

  /// What comes before the body, as bytes.
  public static func head(
    _ method: String, _ path: String, length: Int, parameters: [(String, String)] = [],
    keep: Bool = true, from address: String = "192.0.2.1"
  ) -> [UInt8] {
    let pairs =
      [
        ("REQUEST_METHOD", method), ("REQUEST_URI", path), ("REMOTE_ADDR", address),
        ("CONTENT_LENGTH", length == 0 ? "" : String(length)), ("REQUEST_ID", "r1"),
      ] + parameters
    return FastCGIRecord.begin(keep: keep).bytes
      + FastCGIRecord(.parameters, FastCGIRecord.pairs(pairs)).bytes
      + FastCGIRecord(.parameters).bytes
  }

  /// The next record. Waits for it.
  public func record() throws -> FastCGIRecord {
    let head = try read(8)
    let content = try read(Int(head[4]) << 8 | Int(head[5]))
    var record = FastCGIRecord(.unknown, content, id: UInt16(head[2]) << 8 | UInt16(head[3]))
    record.version = head[0]
    record.kind = head[1]
    record.padding = try read(Int(head[6])).count
    return record
  }

  /// The answer to the request that was sent. Waits for all of it.
  public func reply() throws -> FastCGIReply {
    var output: [UInt8] = []
    while true {
      let record = try record()
      switch FastCGIRecord.Kind(rawValue: record.kind) {
      case .standardOutput: output += record.content
      case .endRequest: return FastCGIReply(output)
      default: continue
      }
    }
  }

  /// Whether the peer has closed the connection. Waits for that, or for a byte.
  public func isEnded() -> Bool {
    (try? read(1)) == nil
  }

  /// Whether the peer closes the connection, whatever it sends before. Waits for that.
  public func endsAtLast() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(socket, &bytes, bytes.count)
      if count == 0 || count < 0 && errno == ECONNRESET { return true }
      if count < 0 { return false }
    }
  }

  /// Whether anything comes, or the end, within so many milliseconds.
  public func hears(within milliseconds: Int32) -> Bool {
    (try? System.waitForInput([socket], milliseconds: milliseconds)) == [socket]
  }

  private func read(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let size = bytes[filled...].withUnsafeMutableBytes {
        Glibc.read(socket, $0.baseAddress, $0.count)
      }
      guard size > 0 else { throw Ended() }
      filled += size
    }
    return bytes
  }
}

/// An answer as CGI writes it (RFC 3875 §6).
public struct FastCGIReply: Sendable {
  public let status: Int
  /// Names in lower case.
  public let headers: [String: String]
  public let body: [UInt8]

  public var text: String { String(decoding: body, as: UTF8.self) }

  public init(_ output: [UInt8]) {
    let end = Array("\r\n\r\n".utf8)
    let length = output.indices.first { output[$0...].starts(with: end) } ?? output.count
    body = Array(output.dropFirst(length + end.count))
    var headers: [String: String] = [:]
    for line in String(decoding: output[..<length], as: UTF8.self).components(separatedBy: "\r\n") {
      let halves = line.split(separator: ":", maxSplits: 1)
      guard halves.count == 2 else { continue }
      headers[halves[0].lowercased()] = halves[1].trimmingCharacters(in: .whitespaces)
    }
    status = Int(headers["status"]?.prefix(3) ?? "") ?? 0
    self.headers = headers
  }
}
