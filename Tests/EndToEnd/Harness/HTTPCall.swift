import Foundation

/// A request, down to its bytes.
struct HTTPCall: Sendable {
  var method: String
  var path: String
  var headers: [(name: String, value: String)] = []
  var body: [UInt8] = []

  init(_ method: String, _ path: String) {
    self.method = method
    self.path = path
  }

  static func get(_ path: String, bearer: String? = nil) -> HTTPCall {
    var call = HTTPCall("GET", path)
    if let bearer { call.headers.append(("Authorization", "Bearer \(bearer)")) }
    return call
  }

  static func post(_ path: String, json: [String: String]) -> HTTPCall {
    var call = HTTPCall("POST", path)
    call.headers.append(("Content-Type", "application/json"))
    call.body = Array((try? JSONEncoder().encode(json)) ?? Data())
    return call
  }

  static func login(_ name: String, _ password: String? = nil) -> HTTPCall {
    post("/login", json: ["username": name, "password": password ?? self.password(of: name)])
  }

  static func refresh(_ token: String) -> HTTPCall {
    post("/refresh-token", json: ["refreshToken": token])
  }

  static let demoPassword = "postern-demo"
  /// Of users whom tests add: the demo's is too short for a new one.
  static let goodPassword = "wind over the cedar gate"

  static func password(of name: String) -> String {
    ["alice", "bob", "carol"].contains(name) ? demoPassword : goodPassword
  }

  func with(_ name: String, _ value: String) -> HTTPCall {
    var call = self
    call.headers.append((name, value))
    return call
  }

  func bytes(keepAlive: Bool) -> [UInt8] {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if !body.isEmpty || method == "POST" { head += "Content-Length: \(body.count)\r\n" }
    if !keepAlive { head += "Connection: close\r\n" }
    return Array((head + "\r\n").utf8) + body
  }
}
