import Foundation
import TestSupport

/// A client's way to the program: one kept connection, and a new one when it has ended.
final class RaceConnection {
  private let path: String
  private var client: FastCGIClient?

  init(path: String) {
    self.path = path
  }

  /// What came back for a request, and when. The reply is `nil` where the connection ended.
  struct Exchange {
    let start, end: Microseconds
    let reply: FastCGIReply?

    var json: Any? { reply.flatMap { try? JSONSerialization.jsonObject(with: Data($0.body)) } }
  }

  /// A connection that says nothing for nearly its whole time limit (20 s) has not ended: what was
  /// asked may still happen.
  private static let patience: Microseconds = 19_000_000

  func exchange(
    _ method: String, _ path: String, _ body: [String: String] = [:], bearer: String? = nil,
    cookie: String? = nil
  ) throws -> Exchange {
    let client = try connected()
    var parameters = bearer.map { [("HTTP_AUTHORIZATION", "Bearer \($0)")] } ?? []
    if let cookie { parameters.append(("HTTP_COOKIE", "__Host-refresh=\(cookie)")) }
    var bytes: [UInt8] = []
    if !body.isEmpty {
      bytes = try Array(JSONSerialization.data(withJSONObject: body))
      parameters.append(("CONTENT_TYPE", "application/json"))
    }
    let start = now()
    client.send(method, path, body: bytes, parameters: parameters)
    let reply = try? client.reply()
    let end = now()
    if reply == nil || reply?.status == 0 { self.client = nil }
    let isLost = reply == nil && end - start > Self.patience
    return Exchange(start: start, end: isLost ? Operation.never : end, reply: reply)
  }

  /// Nothing was asked yet: to connect again is no operation.
  private func connected() throws -> FastCGIClient {
    if let client { return client }
    let client = try FastCGIClient(path: path)
    self.client = client
    return client
  }
}
