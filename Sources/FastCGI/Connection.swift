import CFastCGI
import Glibc
import SystemCalls

/// One connection of the web server, and the request on it that is being served.
///
/// The place for all that libfcgi (2.4.2) does otherwise than a worker needs:
/// - `FCGX_Accept_r` accepts connections by itself: without close-on-exec, so child processes keep
///   them open, and with a wait of two seconds for each peer that says nothing. So connections are
///   accepted here, and each is put into `ipcFd`, where the library finds it and accepts none.
/// - When a connection has ended it accepts the next one from its listening socket. It is given -1
///   for that, and so returns an error instead.
/// - It reads `keepConnection` to decide whether the connection it finds is one to go on with, so
///   that has to be set before each `FCGX_Accept_r`.
/// - It closes `ipcFd` where the peer breaks the protocol or is gone, and sets it to -1.
/// - It leaves the rest of a body unread; on a kept connection that would be parsed as the next
///   request. So each body is read to its end.
/// - It sets no time limit on reads: `SO_RCVTIMEO` does.
/// - The streams keep the address of their `FCGX_Request`, which must never move, and what they
///   read is freed with them.
///
/// `@unchecked Sendable`: it belongs to one thread at a time, the one that serves it.
final class Connection: @unchecked Sendable {
  let descriptor: FileDescriptor
  private let request: UnsafeMutablePointer<FCGX_Request>

  /// The most that is read and thrown away behind a body that is too large, in bytes; with more
  /// than that the connection is closed instead.
  private static let drainLimit = 1 << 20
  /// How long the web server may keep us waiting in the middle of a request, in seconds.
  private static let silenceLimit = 10

  init(_ descriptor: FileDescriptor) {
    self.descriptor = descriptor
    request = .allocate(capacity: 1)
    FCGX_InitRequest(request, -1, 0)
    request.pointee.ipcFd = descriptor.number
    try? System.setTimeout(seconds: Self.silenceLimit, of: descriptor)
  }

  deinit {
    FCGX_Free(request, 0)
    request.deallocate()
  }

  /// Makes the library ready. To be called before the first connection.
  ///
  /// It waits so long, in milliseconds, for a peer that broke the protocol to close its end. It
  /// reads the limit now; its own is two seconds.
  static func startLibrary() {
    setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "50", 0)
    FCGX_Init()
    System.ignoreWriteSignals()
  }

  /// Reads one request, to the end of its body. `nil` where the peer is gone, breaks the protocol
  /// or stops in the middle, or wants another role than a responder's: the connection has to be
  /// closed then.
  func receive() -> IncomingRequest? {
    request.pointee.keepConnection = 1
    guard FCGX_Accept_r(request) == 0 else {
      if request.pointee.ipcFd < 0 { descriptor.disown() }
      return nil
    }
    let parameters = ReceivedParameters(environment: request.pointee.envp)
    let (body, isTooLarge) = body()
    guard FCGX_GetError(request.pointee.in) == 0, FCGX_HasSeenEOF(request.pointee.in) != 0,
      request.pointee.role == responderRole
    else { return nil }
    return IncomingRequest(parameters: parameters, body: body, bodyIsTooLarge: isTooLarge)
  }

  /// Writes the answer and ends the request. Returns whether the connection can take another one;
  /// if not, it has to be closed.
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
    let isKept = !failed && request.pointee.keepConnection != 0
    FCGX_Free(request, 0)
    return isKept
  }

  /// Reads the body to its very end, whatever was declared.
  ///
  /// There is nothing to read behind a GET, so no room is made before the first byte has come.
  private func body() -> (bytes: [UInt8], isTooLarge: Bool) {
    let first = FCGX_GetChar(request.pointee.in)
    guard let first = UInt8(exactly: first) else { return ([], false) }
    let limit = IncomingRequest.bodyLimit
    let bytes = [UInt8](unsafeUninitializedCapacity: limit + 1) { buffer, count in
      buffer[0] = first
      count =
        1
        + read(
          into: UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(buffer)[1...]))
    }
    guard bytes.count > limit else { return (bytes, false) }
    var waste = [UInt8](repeating: 0, count: limit)
    var drained = 0
    while drained < Self.drainLimit {
      let count = waste.withUnsafeMutableBytes { read(into: $0) }
      if count < waste.count { break }
      drained += count
    }
    return ([], true)
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let start = buffer.bindMemory(to: CChar.self).baseAddress
    return Int(FCGX_GetStr(start, Int32(buffer.count), request.pointee.in))
  }
}

/// The role of a program that answers requests (FastCGI specification §6.2).
private let responderRole: Int32 = 1
