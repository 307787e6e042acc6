import DocumentStore
import Foundation
import RedisDocumentStore
import TestSupport
import XCTest

/// TLS by stunnel, as Docs/redis.md has it: hiredis 0.14 has none.
final class TunnelTests: RedisTestCase {
  private func makeCertificate(_ name: String) throws {
    let process = try run(
      "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
      "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=redis", "-addext",
      "subjectAltName=IP:127.0.0.1", "-keyout", "\(folder)/\(name).key", "-out",
      "\(folder)/\(name).pem")
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 0)
  }

  private func startTunnel(to port: Int, trusting name: String) throws -> (Process, path: String) {
    let path = "\(folder)/\(name).sock"
    let lines = try Documented.tunnel(
      socket: path, server: "127.0.0.1:\(port)", authority: "\(folder)/\(name).pem",
      address: "127.0.0.1")
    let file = "\(folder)/\(name).conf"
    try ("foreground = yes\npid =\n" + lines).write(toFile: file, atomically: true, encoding: .utf8)
    let process = try run("/usr/bin/stunnel", file)
    try waitUntil("stunnel listens", within: 30) { FileManager.default.fileExists(atPath: path) }
    return (process, path)
  }

  func testTheDocumentedTunnelReachesTheServerThatItTrustsAndNoOther() throws {
    try makeCertificate("trusted")
    try makeCertificate("other")
    let port = try LoopbackServer.freePort()
    _ = try start(
      "tls-port \(port)", "tls-cert-file \(folder)/trusted.pem",
      "tls-key-file \(folder)/trusted.key", "tls-auth-clients no")
    let (process, path) = try startTunnel(to: port, trusting: "trusted")
    let store = try patientStore("redis+unix://\(path)")
    XCTAssertEqual(try store.checkServers(), [])
    for number in 1...20 { try store.append(number, to: "a") }
    let text = String(repeating: "x", count: 200_000)
    try store.update(Ledger.self, "large") { $0 = Ledger(text: text) }
    XCTAssertEqual(try store.numbers("a"), Array(1...20))
    XCTAssertEqual(try store.read(Ledger.self, "large")?.text, text)

    let (_, otherPath) = try startTunnel(to: port, trusting: "other")
    let stranger = try patientStore("redis+unix://\(otherPath)")
    assertUnavailable { _ = try stranger.read(Ledger.self, "a") }
    assertUnavailable { try stranger.append(21, to: "a") }

    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    assertUnavailable { try store.append(22, to: "a") }
    try FileManager.default.removeItem(atPath: path)
    _ = try startTunnel(to: port, trusting: "trusted")
    try store.append(23, to: "a")
    XCTAssertEqual(try store.numbers("a"), Array(1...20) + [23])
  }

  func testTLSInTheURLIsRefusedWithWhatToDo() {
    XCTAssertThrowsError(try RedisAddress("rediss://127.0.0.1")) { error in
      XCTAssertTrue("\(error)".contains("stunnel"), "\(error)")
    }
  }
}
