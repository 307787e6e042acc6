import Foundation
import TestSupport

/// One request, sent through nginx and straight to a worker's socket.
struct BothWays {
  let site: Installation

  /// Status and text of both answers, that of nginx first.
  func ask(_ call: HTTPCall) throws -> [String] {
    let client = try FastCGIClient(path: site.socketPath)
    var bytes = FastCGIClient.head(
      call.method, call.path, length: call.body.count, parameters: Self.parameters(of: call),
      from: "127.0.0.1")
    if !call.body.isEmpty { bytes += FastCGIRecord(.standardInput, call.body).bytes }
    client.send(bytes + FastCGIRecord(.standardInput).bytes)
    let direct = try client.reply()
    return [try site.ask(call).said, "\(direct.status) \(direct.text)"]
  }

  /// The parameters that nginx makes of headers.
  static func parameters(of call: HTTPCall) -> [(String, String)] {
    call.headers.map { name, value in
      let name = name.uppercased().replacingOccurrences(of: "-", with: "_")
      return (name == "CONTENT_TYPE" ? name : "HTTP_\(name)", value)
    }
  }
}
