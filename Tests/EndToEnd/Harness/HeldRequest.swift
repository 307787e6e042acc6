import Glibc
import TestSupport

/// A sign-in as alice that a worker has in hand and cannot answer yet: its body is missing.
struct HeldRequest {
  let client: FastCGIClient
  private let body = HTTPCall.login("alice").body

  init(_ site: Installation) throws {
    client = try FastCGIClient(path: site.socketPath)
    client.send(
      FastCGIClient.head(
        "POST", "/login", length: body.count, parameters: [("CONTENT_TYPE", "application/json")],
        keep: false, from: "127.0.0.1"))
    // Nothing tells from outside that a worker has taken it.
    usleep(500_000)
  }

  /// Sends the body.
  func finish() {
    client.send(FastCGIRecord(.standardInput, body), FastCGIRecord(.standardInput))
  }
}
