import Foundation

/// An answer as it came over the wire, every header as often as it was sent.
struct HTTPAnswer: Sendable {
  let status: Int
  let headers: [(name: String, value: String)]
  var body: [UInt8] = []

  /// Reads the status line and the headers, up to and without the empty line.
  init(head: [UInt8]) throws {
    var lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines.removeFirst().split(separator: " ")
    guard words.count >= 2, let status = Int(words[1]) else { throw Trouble("no HTTP answer") }
    self.status = status
    headers = lines.filter { !$0.isEmpty }.map { line in
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      return (
        String(line[..<colon]),
        line[colon...].dropFirst().trimmingCharacters(in: .whitespaces)
      )
    }
  }

  func values(of name: String) -> [String] {
    headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
  }

  subscript(name: String) -> String? { values(of: name).first }

  var text: String { String(decoding: body, as: UTF8.self) }
  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
  }
  var list: [[String: Any]] {
    (try? JSONSerialization.jsonObject(with: Data(body))) as? [[String: Any]] ?? []
  }

  /// Empty where the answer holds none.
  var accessToken: String { json["accessToken"] as? String ?? "" }
  var refreshToken: String { json["refreshToken"] as? String ?? "" }

  /// Status and body, for answers that are short texts.
  var said: String { "\(status) \(text)" }
}
