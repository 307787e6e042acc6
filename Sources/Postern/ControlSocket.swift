import FastCGI
import Glibc
import SystemCalls

/// The socket by which commands ask the supervisor for something and hear what became of it.
///
/// A client sends one word and a newline, and gets one line when it is done: `done` or `failed`, a
/// space and a sentence. Only the service's own user and root can connect: the mode is 0600.
struct ControlSocket {
  static let name = "control.sock"

  private let socket: ListeningSocket
  /// Clients that have not said what they want.
  private var silent: [FileDescriptor] = []

  /// Where there are more than anybody needs, the oldest are turned away.
  private static let clientLimit = 32

  /// - Throws: `ListeningSocketError`
  init(inFolder path: String) throws {
    socket = try ListeningSocket(path: "\(path)/\(Self.name)", mode: 0o600)
  }

  /// The one that an earlier program of this process made.
  init(inherited descriptor: Int32) { socket = ListeningSocket(descriptor: descriptor) }

  var descriptor: FileDescriptor { socket.descriptor }
  /// Whether nobody is about to ask for something.
  var isIdle: Bool { silent.isEmpty }

  var descriptors: [Int32] { [socket.descriptor.number] + silent.map(\.number) }

  /// What clients of the descriptors that are `ready` ask for.
  mutating func requests(_ ready: [Int32]) -> [ControlRequest] {
    var requests: [ControlRequest] = []
    let asking = silent.filter { ready.contains($0.number) }
    silent.removeAll { ready.contains($0.number) }
    for client in asking {
      let text = (try? System.receive(client, limit: 64)) ?? []
      guard let command = ControlCommand(line: text) else { continue }
      requests.append(ControlRequest(command: command, client: client))
    }
    if ready.contains(socket.descriptor.number) {
      while let client = try? System.accept(socket.descriptor) {
        silent.append(client)
        if silent.count > Self.clientLimit { silent.removeFirst() }
      }
    }
    return requests
  }

  /// Asks the supervisor that has the run folder at `path`, and waits for the outcome.
  /// - Returns: `nil` where it has no such socket, as earlier versions.
  /// - Throws: `SystemCallError`
  static func ask(_ command: ControlCommand, inFolder path: String) throws -> ControlOutcome? {
    do throws(SystemCallError) {
      let socket = try System.connect(toPath: "\(path)/\(name)")
      try System.send(Array("\(command.rawValue)\n".utf8), on: socket)
      return ControlOutcome(line: try System.read(socket, limit: 4_096))
    } catch {
      switch error.code {
      case ENOENT, ECONNREFUSED: return nil
      case ECONNRESET, EPIPE: return ControlOutcome(line: [])
      default: throw error
      }
    }
  }
}

enum ControlCommand: String {
  /// Replace the workers, and say when that is done.
  case reload

  init?(line: [UInt8]) {
    self.init(rawValue: String(decoding: line.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}

/// What a client waits for.
struct ControlRequest {
  let command: ControlCommand
  fileprivate let client: FileDescriptor

  /// A client that is gone by now need not know.
  func answer(_ outcome: ControlOutcome) {
    try? System.send(Array(outcome.line.utf8), on: client)
  }
}

/// What became of what was asked for.
enum ControlOutcome: Equatable {
  case done(String)
  case failed(String)

  fileprivate var line: String {
    switch self {
    case .done(let text): Self.line("done", text)
    case .failed(let text): Self.line("failed", text)
    }
  }

  private static func line(_ word: String, _ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return "\(word) \(line.prefix(2_000))\n"
  }

  /// - Parameter line: empty where the supervisor ended before it was done.
  fileprivate init(line: [UInt8]) {
    let text = String(decoding: line.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    if text.hasPrefix("done ") {
      self = .done(String(text.dropFirst("done ".count)))
    } else if text.hasPrefix("failed ") {
      self = .failed(String(text.dropFirst("failed ".count)))
    } else {
      self = .failed("not done: postern ended meanwhile")
    }
  }
}
