import Foundation

extension Installation {
  /// Asks once, over a connection of its own.
  func ask(_ call: HTTPCall) throws -> HTTPAnswer {
    let connection = try HTTPConnection(port: port)
    try connection.send(call.bytes(keepAlive: false))
    return try connection.receive(hasBody: call.method != "HEAD")
  }

  /// Asks all at once: nginx has everything of every request but its last byte, and then gets all
  /// the last bytes in one go.
  func askAtOnce(_ calls: [HTTPCall]) throws -> [HTTPAnswer] {
    let connections = try calls.map { _ in try HTTPConnection(port: port) }
    let requests = calls.map { $0.bytes(keepAlive: false) }
    for (connection, bytes) in zip(connections, requests) { try connection.send(bytes.dropLast()) }
    for (connection, bytes) in zip(connections, requests) { try connection.send(bytes.suffix(1)) }
    return try connections.map { try $0.receive() }
  }

  /// Signs in, which must succeed.
  func login(_ name: String, _ password: String? = nil) throws -> HTTPAnswer {
    let answer = try ask(.login(name, password))
    guard answer.status == 200 else { throw Trouble("sign-in of \(name): \(answer.said)") }
    return answer
  }

  /// Adds a user with `postern user add`, the password on standard input.
  func addUser(_ name: String, password: String = HTTPCall.goodPassword) throws {
    let (status, output) = try command(
      ["user", "add", name, "--email", "\(name)@example.com", "--create"],
      input: password + "\n")
    guard status == 0 else { throw Trouble("user add: \(output)") }
  }
}
