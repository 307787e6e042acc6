import CFastCGI
import ForeignInput
import Glibc
import SystemCalls

/// One connection of the web server, and the request on it that is being served.
///
/// `@unchecked Sendable`: it belongs to one thread at a time, the one that the event queue told
/// that it is ready, until that thread hands it back to the queue or lets it go.
final class Connection: @unchecked Sendable {
  /// The streams keep this address, so it must never move.
  private let request: UnsafeMutablePointer<FCGX_Request>

  /// The most that is read and thrown away behind a body that is too large, in bytes; with more
  /// than that the connection is closed instead.
  private static let drainLimit = 1 << 20
  /// How long the web server may keep us waiting in the middle of a request, in seconds.
  private static let silenceLimit = 10

  /// Takes over an accepted connection and closes it in the end.
  ///
  /// libfcgi is handed the connection instead of accepting it itself: it would leave it open to
  /// child processes and wait up to two seconds for each peer that says nothing. Nor is it given
  /// a listening socket: it would wait for another connection in place of one that has ended.
  init(_ descriptor: Int32) {
    request = .allocate(capacity: 1)
    FCGX_InitRequest(request, -1, 0)
    request.pointee.ipcFd = descriptor
    try? System.setTimeout(seconds: Self.silenceLimit, of: descriptor)
  }

  deinit {
    FCGX_Free(request, 0)
    disconnect()
    request.deallocate()
  }

  /// -1 once the connection is closed.
  var descriptor: Int32 { request.pointee.ipcFd }

  /// Reads one request, to the end of its body. `nil` where the peer is gone, breaks the protocol
  /// or stops in the middle, or wants another role than a responder's: the connection is then
  /// closed.
  func receive() -> IncomingRequest? {
    request.pointee.keepConnection = 1
    guard FCGX_Accept_r(request) == 0 else { return nil }

    var incoming = IncomingRequest(parameters: parameters(), body: [])
    (incoming.body, incoming.bodyIsTooLarge) = body()
    guard FCGX_GetError(request.pointee.in) == 0, FCGX_HasSeenEOF(request.pointee.in) != 0,
      request.pointee.role == responderRole
    else {
      FCGX_Free(request, 0)
      disconnect()
      return nil
    }
    return incoming
  }

  /// Writes the answer and ends the request. Returns whether the connection can take another one;
  /// if not, it is closed.
  ///
  /// A peer that is gone by now is no error of ours: what was decided stays decided.
  func finish(_ bytes: [UInt8]) -> Bool {
    var failed = false
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty, !failed {
        let part = rest.prefix(Int(Int32.max))
        let start = UnsafeRawBufferPointer(rebasing: part).bindMemory(to: CChar.self).baseAddress
        failed = FCGX_PutStr(start, Int32(part.count), request.pointee.out) < 0
        rest = rest.dropFirst(part.count)
      }
    }
    failed = FCGX_FClose(request.pointee.err) < 0 || failed
    failed = FCGX_FClose(request.pointee.out) < 0 || failed
    let kept = !failed && request.pointee.keepConnection != 0
    FCGX_Free(request, 0)
    if !kept { disconnect() }
    return kept
  }

  private func disconnect() {
    if request.pointee.ipcFd >= 0 { close(request.pointee.ipcFd) }
    request.pointee.ipcFd = -1
  }

  /// Copies what is freed with the request.
  ///
  /// libfcgi keeps each one as a C string, `NAME=value`, and its length nowhere: of a value with a
  /// NUL inside, what is behind it cannot be seen. No web server sends one (RFC 9110 §5.5), and
  /// the rest, a token above all, has to be good by itself.
  private func parameters() -> [(name: ForeignText, value: ForeignText)] {
    var parameters: [(name: ForeignText, value: ForeignText)] = []
    var entry = request.pointee.envp
    while let text = entry?.pointee {
      let pair = UnsafeBufferPointer(start: text, count: strlen(text))
      pair.withMemoryRebound(to: UInt8.self) { bytes in
        let name = bytes.prefix { $0 != UInt8(ascii: "=") }
        let value = bytes.dropFirst(name.count + 1)
        parameters.append((ForeignText(name), ForeignText(value)))
      }
      entry = entry?.successor()
    }
    return parameters
  }

  /// Reads the body to its very end, whatever was declared: bytes left behind would be taken for
  /// the next request on this connection.
  private func body() -> (bytes: [UInt8], isTooLarge: Bool) {
    let limit = IncomingRequest.bodyLimit
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    let count = read(into: &bytes)
    guard count > limit else { return (Array(bytes[..<count]), false) }
    var drained = 0
    while drained < Self.drainLimit {
      let count = read(into: &bytes)
      if count < bytes.count { break }
      drained += count
    }
    return ([], true)
  }

  private func read(into bytes: inout [UInt8]) -> Int {
    bytes.withUnsafeMutableBytes { buffer in
      let start = buffer.bindMemory(to: CChar.self).baseAddress
      return Int(FCGX_GetStr(start, Int32(buffer.count), request.pointee.in))
    }
  }
}

/// The role of a program that answers requests (FastCGI specification §6.2).
private let responderRole: Int32 = 1
