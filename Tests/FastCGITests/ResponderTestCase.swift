import Foundation
import HandlerKit
import Logging
import Synchronization
import SystemCalls
import TestSupport
import XCTest

@testable import FastCGI

/// Gives each test a responder that serves at a socket in the test's own folder.
class ResponderTestCase: TemporaryFolderTestCase {
  private(set) var handler = CountingModule()
  private var socket: ListeningSocket?
  private(set) var responder: Responder?

  /// What connections may take.
  var limits: ConnectionWatch.Limits { .init() }

  override func setUpWithError() throws {
    try super.setUpWithError()
    handler = CountingModule()
    let socket = try ListeningSocket(path: "\(folder)/s")
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let responder = try Responder(
      listener: socket.descriptor, router: Router([handler], logger: logger), limits: limits,
      logger: logger)
    responder.start()
    self.socket = socket
    self.responder = responder
  }

  override func tearDownWithError() throws {
    handler.gate.open()
    stop()
    socket = nil
    try super.tearDownWithError()
  }

  func connect() throws -> FastCGIClient {
    try FastCGIClient(path: "\(folder)/s")
  }

  /// Stops the responder, as a worker that is told to end does.
  func stop() {
    responder?.stop()
    responder = nil
  }

  /// Asserts that a whole request on a connection of its own is answered.
  func assertServesOthers(file: StaticString = #filePath, line: UInt = #line) throws {
    let client = try connect()
    client.send("GET", "/hello")
    XCTAssertEqual(try client.reply().text, "hello", file: file, line: line)
  }
}

/// Answers a few paths, and remembers which bodies it was called with.
struct CountingModule: HandlerModule {
  static let name = "counting"

  final class Calls: Sendable {
    private let stored = Mutex<[[UInt8]]>([])
    var bodies: [[UInt8]] { stored.withLock { $0 } }
    func add(_ body: [UInt8]) { stored.withLock { $0.append(body) } }
  }

  /// What was posted to `/echo`.
  let calls = Calls()
  /// Holds whoever asks for `/wait`.
  let gate = Gate()

  var routes: [Route] {
    Route(.get, "/hello") { _ in .text("hello") }
    Route(.post, "/echo") { request in
      calls.add(request.body)
      return Response(status: .ok, body: request.body)
    }
    Route(.get, "/authorization") { request in
      .text(request.headers[.authorization] ?? "none")
    }
    Route(.get, "/bytes") { request in
      let count = Int(request.query) ?? 0
      return Response(status: .ok, body: (0..<count).map { UInt8($0 % 251) })
    }
    Route(.get, "/wait") { _ in
      gate.pass()
      return .text("waited")
    }
  }
}
