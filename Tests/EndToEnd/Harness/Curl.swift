import Foundation

/// What curl got, which speaks whatever HTTP a server chooses, and keeps cookies as browsers do.
struct Curl {
  let status: Int
  /// `1.1` or `2`.
  let version: String
  /// Of the last answer, names in lower case.
  let headers: [String: String]
  let body: String

  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
  }

  /// Asks once.
  ///
  /// - Parameter folder: where curl's output is kept meanwhile.
  init(_ url: String, _ options: [String] = [], folder: String) throws {
    let file = "\(folder)/curl-\(UUID().uuidString.prefix(8))"
    // They are the client's, who may have tokens.
    defer {
      for name in [file, "\(file)-body", "\(file)-head"] {
        try? FileManager.default.removeItem(atPath: name)
      }
    }
    let curl = try ChildProcess(
      "/usr/bin/curl",
      ["-s", "-o", "\(file)-body", "-D", "\(file)-head", "-w", "%{http_code} %{http_version}"]
        + options + [url],
      log: file, isFresh: true)
    _ = try curl.waitForEnd(seconds: 40)
    let words = curl.log.split(separator: " ")
    status = words.first.flatMap { Int($0) } ?? 0
    version = words.last.map(String.init) ?? ""
    body = (try? String(contentsOfFile: "\(file)-body", encoding: .utf8)) ?? ""
    let head = (try? String(contentsOfFile: "\(file)-head", encoding: .utf8)) ?? ""
    headers = head.components(separatedBy: "\r\n").reduce(into: [:]) { headers, line in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { return }
      headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
  }

  /// The options that send this JSON.
  static func json(_ text: String) -> [String] {
    ["-H", "Content-Type: application/json", "-d", text]
  }

  /// A sign-in of alice that asks for the cookie, from a page of this origin.
  static func cookieSignIn(
    origin: String, _ name: String = "alice", _ password: String = HTTPCall.demoPassword
  ) -> [String] {
    ["-H", "Origin: \(origin)"]
      + json(#"{"username":"\#(name)","password":"\#(password)","session":"cookie"}"#)
  }
}
