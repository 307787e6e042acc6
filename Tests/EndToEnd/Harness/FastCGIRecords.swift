/// Requests as a web server puts them to a FastCGI program (FastCGI specification §3.3).
enum FastCGIRecords {
  /// The length of one sign-in: the buffer of libfcgi is a multiple of it.
  static let unit = 512

  /// Sign-ins as alice, one after the other, behind `shift` other bytes.
  static func signIns(size: Int, shift: Int) -> [UInt8] {
    let body = HTTPCall.login("alice").body
    let parameters =
      pair("REQUEST_METHOD", "POST") + pair("REQUEST_URI", "/login")
      + pair("CONTENT_TYPE", "application/json") + pair("CONTENT_LENGTH", "\(body.count)")
    var signIn = record(type: 1, [0, 1, 1, 0, 0, 0, 0, 0])
    signIn += record(type: 4, parameters, padding: 256 - 16 - 8 - 8 - parameters.count)
    signIn += record(type: 4, [])
    signIn += record(type: 5, body, padding: 256 - 8 - 8 - body.count)
    signIn += record(type: 5, [])
    return Array(repeating: UInt8(ascii: "x"), count: shift)
      + Array(repeating: signIn, count: size / unit + 1).flatMap { $0 }
  }

  private static func record(type: UInt8, _ content: [UInt8], padding: Int = 0) -> [UInt8] {
    let length = [UInt8(content.count >> 8), UInt8(content.count & 0xFF)]
    return [1, type, 0, 1] + length + [UInt8(padding), 0] + content
      + Array(repeating: 0, count: padding)
  }

  private static func pair(_ name: String, _ value: String) -> [UInt8] {
    [UInt8(name.utf8.count), UInt8(value.utf8.count)] + Array(name.utf8) + Array(value.utf8)
  }
}
