import CFastCGI
import FastCGIRecords
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
/// - It waits for what has not come, believes every length, and asserts where there is no memory for
///   one. So it gets a request only when all of its records have come and are in order:
///   `RequestAssembly` looks at them while they are still in the socket. As a rule they come at once,
///   and the library reads them from there. Else they are taken out, and the library reads the whole
///   request from a pair of sockets.
/// - What it has read behind the end of a request, or leaves unread before it, would be lost or parsed
///   as the next one: it gets one request and nothing else.
/// - It cuts values at a byte 0. Such a request is refused before.
/// - The streams keep the address of their `FCGX_Request`, which must never move, and what they
///   read is freed with them.
///
/// `@unchecked Sendable`: it belongs to one thread at a time, the one that serves it.
final class Connection: @unchecked Sendable {
  /// What has come of it.
  enum Arrival {
    case request(IncomingRequest)
    /// There is no whole request yet.
    case incomplete
    /// The peer is gone, breaks the protocol, or wants another role than a responder's: the
    /// connection has to be closed.
    case end
  }

  let descriptor: FileDescriptor
  let state: ConnectionState
  private let watch: ConnectionWatch
  private let request: UnsafeMutablePointer<FCGX_Request>
  private var assembly = RequestAssembly()
  private var room = SendRoom()

  /// How much is looked at in one event, in bytes: all but the largest requests.
  private static let pieceSize = 32 * 1024
  /// How long a call may wait for the peer where it should not wait at all, in seconds.
  private static let silenceLimit = 10

  init(_ descriptor: FileDescriptor, _ watch: ConnectionWatch) {
    self.descriptor = descriptor
    self.watch = watch
    state = watch.add(descriptor)
    request = .allocate(capacity: 1)
    FCGX_InitRequest(request, -1, 0)
    try? System.setTimeout(seconds: Self.silenceLimit, of: descriptor)
  }

  deinit {
    watch.remove(state)
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

  /// Takes what has come, without waiting for more.
  func receive() -> Arrival {
    withUnsafeTemporaryAllocation(byteCount: Self.pieceSize, alignment: 8) { buffer in
      do throws(SystemCallError) {
        return try receive(in: buffer)
      } catch {
        return .end
      }
    }
  }

  private func receive(
    in buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemCallError) -> Arrival {
    guard let count = try System.receive(descriptor, into: buffer, isToStay: true) else {
      return .incomplete
    }
    guard count > 0 else { return .end }
    let isFirstPiece = assembly.isFresh
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count]).bindMemory(to: UInt8.self)
    let (progress, taken) = assembly.take(bytes.span)
    // Where the buffer is full there may be more behind it.
    if isFirstPiece, taken == count, count < buffer.count, assembly.isPlain {
      assembly.startAnew()
      return arrival(read(from: descriptor))
    }
    guard progress != .broken else { return .end }
    let taking = UnsafeMutableRawBufferPointer(rebasing: buffer[..<taken])
    guard try System.receive(descriptor, into: taking) == taken else { return .end }
    let answers = assembly.takeAnswers()
    if !answers.isEmpty {
      guard try System.sendAtOnce(answers, on: descriptor) else { return .end }
    }
    if let whole = assembly.takeRequest() {
      watch.release(state)
      return arrival(try read(whole))
    }
    if !assembly.isBetweenRequests {
      watch.note(state, holds: assembly.heldCount)
    } else if state.phase == .receiving {
      watch.release(state)
      state.enter(.new)
    }
    return .incomplete
  }

  private func arrival(_ incoming: IncomingRequest?) -> Arrival {
    guard let incoming else { return .end }
    state.enter(.inHand)
    return .request(incoming)
  }

  private func read(_ whole: WholeRequest) throws(SystemCallError) -> IncomingRequest? {
    let (near, far) = try System.socketPair()
    guard try System.sendAtOnce(whole.records, on: near) else { return nil }
    guard var incoming = read(from: far) else { return nil }
    switch whole.fault {
    case .badParameters: incoming.refusal = .badRequest("Bad request")
    case .tooManyParameters: incoming.refusal = .headerFieldsTooLarge
    case .tooMuchBody: incoming.bodyIsTooLarge = true
    case nil: break
    }
    return incoming
  }

  /// Lets the library read one request, all of which is there.
  private func read(from source: FileDescriptor) -> IncomingRequest? {
    request.pointee.ipcFd = source.number
    request.pointee.keepConnection = 1
    guard FCGX_Accept_r(request) == 0 else {
      if request.pointee.ipcFd < 0 { source.disown() }
      return nil
    }
    let parameters = ReceivedParameters(environment: request.pointee.envp)
    let body = body()
    guard FCGX_GetError(request.pointee.in) == 0, FCGX_HasSeenEOF(request.pointee.in) != 0 else {
      return nil
    }
    request.pointee.ipcFd = descriptor.number
    return IncomingRequest(parameters: parameters, body: body)
  }

  /// Writes the answer and ends the request. Returns whether the connection can take another one;
  /// if not, it has to be closed.
  ///
  /// A peer that is gone by now is no error of ours: what was decided stays decided.
  func finish(_ bytes: [UInt8]) -> Bool {
    var failed = false
    room.startAnswer()
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      repeat {
        let part = rest.prefix(SendRoom.part)
        let start = UnsafeRawBufferPointer(rebasing: part).bindMemory(to: CChar.self).baseAddress
        failed =
          !room.reserve(part.count, on: descriptor, watch)
          || FCGX_PutStr(start, Int32(part.count), request.pointee.out) < 0
        rest = rest.dropFirst(part.count)
      } while !rest.isEmpty && !failed
    }
    failed = FCGX_FClose(request.pointee.err) < 0 || failed
    failed = FCGX_FClose(request.pointee.out) < 0 || failed
    let isKept = !failed && request.pointee.keepConnection != 0
    FCGX_Free(request, 0)
    state.enter(.kept)
    return isKept
  }

  /// Reads the body to its very end, whatever was declared.
  ///
  /// There is nothing to read behind a GET, so no room is made before the first byte has come.
  private func body() -> [UInt8] {
    let first = FCGX_GetChar(request.pointee.in)
    guard let first = UInt8(exactly: first) else { return [] }
    // One more than there can be, so that the end is seen.
    let size = IncomingRequest.bodyLimit + 1
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      buffer[0] = first
      let rest = UnsafeMutableRawBufferPointer(
        rebasing: UnsafeMutableRawBufferPointer(buffer)[1...])
      let start = rest.bindMemory(to: CChar.self).baseAddress
      count = 1 + Int(FCGX_GetStr(start, Int32(rest.count), request.pointee.in))
    }
  }
}
