import Foundation
import Synchronization
import SystemCalls
import TestSupport
import XCTest

/// A program behind nginx that does not keep to the protocol. What it says wrongly may cost the
/// request that it was asked, and never reaches anybody else.
final class LyingWorkerTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  private static let good = "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n"

  /// What is wrong, and the statuses that nginx may make of it.
  private static let lies: [(name: String, reply: LyingWorker.Reply, statuses: Set<Int>)] = [
    ("nothing", .records([.end()]), [502]),
    ("an error and nothing else", .records([.error("broken"), .end()]), [502]),
    ("no end of the header", .records([.output("Status: 200 OK\r\nX: y\r\n"), .end()]), [502]),
    ("half a header, then gone", .closing([.output("Status: 200 OK\r\nX: ")]), [502]),
    ("half a record, then gone", .raw([1, 6, 0, 1, 0, 200, 0, 0] + Array("Status".utf8)), [502]),
    ("no record", .raw(Array("HTTP/1.1 200 OK\r\n\r\nbody of nobody".utf8)), [502]),
    ("a header that is too large", .records([.output(header(of: 70_000)), .end()]), [502]),
    ("a header without a colon", .records([.output("nonsense\r\n\r\nx"), .end()]), [200, 502]),
    ("a control byte in a header", .records([.output("X\u{1}: y\r\n\r\nx"), .end()]), [200, 502]),
    ("a status that is none", .records([.output("Status: x\r\n\r\nx"), .end()]), [502]),
    // CGI says 200 to that (RFC 3875, 6.2.1), and so does nginx.
    ("no status", .records([.output("Content-Type: text/plain\r\n\r\n{}"), .end()]), [200]),
    (
      "two statuses",
      .records([.output("Status: 200 OK\r\nStatus: 403 Forbidden\r\n\r\n{}"), .end()]),
      [200, 403, 502]
    ),
    (
      "less than its length",
      .closing([.output("Status: 200 OK\r\nContent-Length: 500\r\n\r\n{}")]), [200, 502]
    ),
    (
      "more than its length",
      .records([.output("Status: 200 OK\r\nContent-Length: 2\r\n\r\n{}body of nobody"), .end()]),
      [200, 502]
    ),
    ("another version", .records([.output(good + "{}").with(version: 9), .end()]), [502]),
    ("another request", .records([.output(good + "{}", id: 7), .end(id: 7)]), [502]),
    ("an unknown record", .records([FastCGIRecord(.unknown, [1, 2])]), [502]),
    (
      "an answer behind its end",
      .records([.output(good + "{}"), .end(), .output(good + "body of nobody"), .end()]), [200]
    ),
    ("an answer that nobody asked for, later", .late(good + "{}", good + "body of nobody"), [200]),
  ]

  func testX11_whatAProgramSaysWronglyReachesNobodyElse() throws {
    let (site, worker) = try start()
    defer { worker.stop() }
    for (name, reply, statuses) in Self.lies {
      for method in ["GET", "POST"] {
        worker.lie(reply)
        let connection = try HTTPConnection(port: site.port)
        var call = HTTPCall(method, "/lie")
        if method == "POST" { call = call.with("Content-Type", "application/json") }
        try connection.send(call.bytes(keepAlive: false))
        // Where the answer had begun, nginx can do no more than end it.
        if let answer = try? connection.receive() {
          XCTAssertTrue(statuses.contains(answer.status), "\(name): \(answer.said)")
          XCTAssertFalse(answer.text.contains("nobody"), "\(name): \(answer.text)")
          if answer.status == 502 {
            XCTAssertEqual(answer.text, "The service is unavailable for the moment", name)
            XCTAssertEqual(answer.values(of: "Retry-After"), ["1"], name)
          }
          XCTAssertTrue(try connection.isClosedByPeer(), "\(name): a second answer")
        } else {
          XCTAssertTrue(statuses.contains(200), name)
        }
        // FastCGI cannot tell an answer that comes too early from one that was asked for. On a
        // connection that nobody uses it can only be wrong.
        if case .late = reply { usleep(200_000) }
        // Whom nginx gives the same connection next.
        for number in 0..<6 {
          let next = try site.ask(.get("/echo-\(number)"))
          XCTAssertEqual(next.said, "200 /echo-\(number)", "after \(name)")
        }
      }
    }
  }

  func testX4_aProxyHeaderDoesNotBecomeTheProgramsProxy() throws {
    let (site, worker) = try start()
    defer { worker.stop() }
    let call = HTTPCall.get("/echo").with("Proxy", "http://evil.example/").with("X-Other", "y")
    XCTAssertEqual(try site.ask(call).status, 200)
    let parameters = try XCTUnwrap(worker.lastParameters)
    XCTAssertEqual(parameters["HTTP_X_OTHER"], ["y"])
    XCTAssertEqual(parameters["HTTP_PROXY"] ?? [""], [""])
    XCTAssertFalse(parameters.values.joined().contains { $0.contains("evil") })
  }

  func testX5_whatIsNoPlainHeaderDoesNotReachTheProgram() throws {
    let (site, worker) = try start()
    defer { worker.stop() }
    for spelling in [
      "Content_Encoding: gzip", "Content-Encoding : gzip", " Content-Encoding: gzip",
      "Content-Encoding\u{0}: gzip", "X-Other: a\r\n Content-Encoding: gzip",
      "X-Other: a\rContent-Encoding: gzip", "Content\tEncoding: gzip", "X-Other: a\u{0}b",
      "Content-Length_: 5", "Remote_Addr: 192.0.2.9", ": gzip", "X.Dot: gzip",
    ] {
      worker.forget()
      let connection = try HTTPConnection(port: site.port)
      let request = "GET /echo HTTP/1.1\r\nHost: x\r\n\(spelling)\r\nConnection: close\r\n\r\n"
      try connection.send(request.utf8)
      let status = try connection.receive().status
      XCTAssertTrue([200, 400].contains(status), "\(spelling.debugDescription): \(status)")
      let all = worker.lastParameters ?? [:]
      XCTAssertEqual(all.isEmpty, status == 400, spelling.debugDescription)
      XCTAssertNil(all["HTTP_CONTENT_ENCODING"], spelling.debugDescription)
      XCTAssertEqual(all["CONTENT_LENGTH"] ?? [""], [""], spelling.debugDescription)
      XCTAssertEqual(all["REMOTE_ADDR"] ?? ["127.0.0.1"], ["127.0.0.1"], spelling.debugDescription)
      let values = all.values.joined()
      XCTAssertFalse(
        values.contains { $0.utf8.contains { [0, 10, 13].contains($0) } },
        spelling.debugDescription)
    }
  }

  /// An installation whose program is the liar.
  private func start() throws -> (Installation, LyingWorker) {
    let site = try makeInstallation(.init(hasDemo: false))
    try site.start()
    site.postern?.stop()
    return (site, try LyingWorker(path: site.socketPath))
  }

  private static func header(of size: Int) -> String {
    "Status: 200 OK\r\nX-Long: \(String(repeating: "x", count: 30_000))\r\n"
      + "X-Longer: \(String(repeating: "x", count: size - 30_000))\r\n\r\n{}"
  }
}

extension FastCGIRecord {
  fileprivate static func output(_ text: String, id: UInt16 = 1) -> FastCGIRecord {
    // As many as fit into a record's two bytes of length.
    FastCGIRecord(.standardOutput, Array(text.utf8.prefix(65_528)), id: id)
  }
  fileprivate static func error(_ text: String) -> FastCGIRecord {
    FastCGIRecord(.standardError, Array(text.utf8))
  }
  fileprivate static func end(id: UInt16 = 1) -> FastCGIRecord {
    FastCGIRecord(.endRequest, [UInt8](repeating: 0, count: 8), id: id)
  }
  fileprivate func with(version: UInt8) -> FastCGIRecord {
    var other = self
    other.version = version
    return other
  }
}

/// Takes requests on a Unix socket. Those for `/lie` it answers with whatever it is told to, all
/// others with their own target.
private final class LyingWorker: Sendable {
  enum Reply: Sendable {
    /// And the connection stays open.
    case records([FastCGIRecord])
    case closing([FastCGIRecord])
    /// Bytes that need not be records, and the end.
    case raw([UInt8])
    /// A good answer, and another one some time after it.
    case late(String, String)
  }

  private struct State {
    var reply = Reply.records([])
    var parameters: [String: [String]]?
    var isOver = false
  }

  private let listener: FileDescriptor
  private let state = Mutex(State())

  var lastParameters: [String: [String]]? { state.withLock { $0.parameters } }

  init(path: String) throws {
    try? FileManager.default.removeItem(atPath: path)
    listener = try System.streamSocket()
    try System.bind(listener, toPath: path)
    try System.listen(listener, backlog: 64)
    Thread { [self] in
      while !isOver {
        _ = try? System.waitForInput([listener.number], milliseconds: 50)
        guard let connection = try? System.accept(listener) else { continue }
        Thread { [self] in serve(connection) }.start()
      }
    }.start()
  }

  func lie(_ reply: Reply) { state.withLock { $0.reply = reply } }
  func forget() { state.withLock { $0.parameters = nil } }
  func stop() { state.withLock { $0.isOver = true } }

  private var isOver: Bool { state.withLock { $0.isOver } }

  private func serve(_ connection: FileDescriptor) {
    var received: [UInt8] = []
    while !isOver {
      guard let parameters = request(connection, &received) else { return }
      state.withLock { $0.parameters = parameters }
      let target = parameters["REQUEST_URI"]?.first ?? ""
      guard target == "/lie" else {
        let text = "Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n\(target)"
        send([.output(text), .end()], connection)
        continue
      }
      switch state.withLock({ $0.reply }) {
      case .records(let records): send(records, connection)
      case .closing(let records):
        send(records, connection)
        return
      case .raw(let bytes):
        send(bytes, connection)
        return
      case .late(let good, let unasked):
        send([.output(good), .end()], connection)
        usleep(20_000)
        send([.output(unasked), .end()], connection)
      }
    }
  }

  private func send(_ records: [FastCGIRecord], _ connection: FileDescriptor) {
    send(records.flatMap(\.bytes), connection)
  }

  private func send(_ bytes: [UInt8], _ connection: FileDescriptor) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// The parameters of the next request; `nil` once there is none. Waits for its body's end.
  private func request(
    _ connection: FileDescriptor, _ received: inout [UInt8]
  ) -> [String: [String]]? {
    var pairs: [UInt8] = []
    while true {
      while received.count < 8 || received.count < 8 + length(received) {
        guard !isOver else { return nil }
        let ready = try? System.waitForInput([connection.number], milliseconds: 50)
        guard ready == [connection.number] else { continue }
        guard let bytes = try? System.receive(connection, limit: 65_536), !bytes.isEmpty else {
          return nil
        }
        received += bytes
      }
      let size = Int(received[4]) << 8 | Int(received[5])
      let (kind, content) = (received[1], received[8..<8 + size])
      if kind == FastCGIRecord.Kind.parameters.rawValue { pairs += content }
      let isEnd = kind == FastCGIRecord.Kind.standardInput.rawValue && size == 0
      received.removeFirst(8 + length(received))
      if isEnd { return parameters(pairs) }
    }
  }

  /// Of the record's content and its padding.
  private func length(_ record: [UInt8]) -> Int {
    Int(record[4]) << 8 | Int(record[5]) + Int(record[6])
  }

  private func parameters(_ pairs: [UInt8]) -> [String: [String]] {
    var rest = pairs[...]
    func number() -> Int {
      guard let first = rest.first else { return 0 }
      let count = first < 128 ? 1 : 4
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count).reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
    }
    func text(_ count: Int) -> String {
      defer { rest = rest.dropFirst(count) }
      return String(decoding: rest.prefix(count), as: UTF8.self)
    }
    var parameters: [String: [String]] = [:]
    while !rest.isEmpty {
      let (name, value) = (number(), number())
      parameters[text(name), default: []].append(text(value))
    }
    return parameters
  }
}
