import Glibc
import HandlerKit

extension Request {
  /// Whether it comes from a loopback address (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3), or from a program
  /// that names none: it has the service's socket open, so it runs here. Web servers name one (RFC
  /// 3875 §4.1.8). Behind a proxy on this machine that is the proxy's.
  var isFromThisMachine: Bool {
    if remoteAddress.isEmpty { return true }
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, remoteAddress, &bytes) == 1 { return bytes[0] == 127 }
    guard inet_pton(AF_INET6, remoteAddress, &bytes) == 1 else { return false }
    let zeros = [UInt8](repeating: 0, count: 10)
    return bytes == zeros + [0, 0, 0, 0, 0, 1]
      || bytes.starts(with: zeros + [0xff, 0xff, 127])
  }
}
