import FoundationEssentials
import Glibc
public import HandlerKit
import SystemCalls

/// The one request of a process that a web server started for it (CGI, RFC 3875): its variables are in
/// the environment, its body is on standard input, and the answer goes to standard output.
public struct CGIExchange: Sendable {
  let incoming: IncomingRequest

  /// Whether this process was started for one request: `GATEWAY_INTERFACE` (RFC 3875 §4.1.4) is in
  /// its environment, and standard input is not a listening socket, by which FastCGI programs know
  /// themselves (FastCGI specification §2.2).
  ///
  /// The words of the command line are the client's then (RFC 3875 §4.4), and must not be read.
  public static var isRequested: Bool {
    getenv("GATEWAY_INTERFACE") != nil && !System.isListeningSocket(ListeningSocket.inherited)
  }

  /// Reads the request. To be called once, by a process for which `isRequested` holds.
  /// - Throws: `SystemCallError` where standard input cannot be read.
  public init() throws(SystemCallError) {
    System.ignoreWriteSignals()
    let input = FileDescriptor(STDIN_FILENO)
    input.disown()
    try self.init(
      parameters: ReceivedParameters(environment: environ, where: Self.isOfRequest), input: input)
  }

  /// The most that is read and thrown away of a body that is too large, in bytes: a web server that
  /// cannot send it may lose the answer.
  private static let drainLimit = 1 << 20

  /// - Parameter input: is read up to the length that the request declares, and not beyond: it need
  ///   not end there (RFC 3875 §4.2).
  init(parameters: ReceivedParameters, input: FileDescriptor) throws(SystemCallError) {
    let length = parameters.first("CONTENT_LENGTH").flatMap { decimal($0.bytes[...]) } ?? 0
    let bytes =
      length == 0 ? [] : try System.read(input, limit: min(length, Self.drainLimit))
    let isTooLarge = length > IncomingRequest.bodyLimit
    incoming = IncomingRequest(
      parameters: parameters, body: isTooLarge ? [] : bytes, bodyIsTooLarge: isTooLarge)
  }

  /// Writes the answer of `router`, and then closes standard output.
  public func answer(by router: Router) async {
    do {
      let request = try incoming.decoded(at: Date())
      finish(await router.respond(to: request).encoded(to: request.method))
    } catch {
      refuse(error, by: router)
    }
  }

  /// Writes the answer to a request that nothing has looked at, and then closes standard output.
  public func refuse(_ error: HTTPError, by router: Router) {
    finish(router.refusal(error, of: incoming.parameters).encoded(to: .get))
  }

  /// A web server that is gone by now is no error of ours: what was decided stays decided.
  private func finish(_ bytes: [UInt8]) {
    try? System.write(bytes, to: FileDescriptor(STDOUT_FILENO))
  }

  /// Whether a variable is one of the request. All else in the environment is the server's, and some of
  /// it may be secret.
  private static func isOfRequest(_ name: UnsafeRawBufferPointer) -> Bool {
    ["HTTP_", "CONTENT_", "REQUEST_", "REMOTE_"].contains { name.starts(with: $0.utf8) }
  }
}
