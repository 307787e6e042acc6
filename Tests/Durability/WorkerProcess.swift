import FastCGI
import Foundation
import Glibc
import SystemCalls
import TestSupport
import XCTest

/// A real `postern worker` of the release, on a listening socket of its own, with no web server.
final class WorkerProcess {
  let process: pid_t
  let logPath: String
  private let socketPath: String
  private var end: Int32?

  /// - Parameters:
  ///   - prefix: a program that starts the worker in its place, such as `prlimit`.
  ///   - log: where its standard error goes, instead of a file in `folder`.
  init(
    data: String, in folder: String, settings: [String] = [], prefix: [String] = [],
    program: String? = nil, log: String? = nil
  ) throws {
    let program = try program ?? Self.program()
    let name = UUID().uuidString.prefix(8)
    socketPath = "\(folder)/\(name)"
    logPath = log ?? "\(folder)/\(name).log"
    let socket = try ListeningSocket(path: socketPath)
    let log = try System.open(logPath, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
    let environment =
      [
        "POSTERN_DATA=\(data)", "POSTERN_RUN=\(folder)", "POSTERN_THROTTLE_ENABLED=false",
        "POSTERN_TOKENS_GRACE=3600",
        "POSTERN_TOKENS_ACCESS_SECRET=\(TestHouse.accessSecret)",
        "POSTERN_TOKENS_REFRESH_SECRET=\(TestHouse.refreshSecret)",
      ] + settings
    process = try System.spawn(
      "/usr/bin/env", arguments: environment + prefix + [program, "worker"],
      descriptors: [0: socket.descriptor, 1: log, 2: log])
    // Its threads are there, and what it only does once is done, before anybody counts its calls.
    for _ in 0..<2 { _ = call("GET", "/current-user") }
  }

  /// The program under test.
  static func program() throws -> String {
    try XCTUnwrap(
      ProcessInfo.processInfo.environment["POSTERN_PROGRAM"],
      "POSTERN_PROGRAM must name the release: POSTERN_PROGRAM=$(script/build)")
  }

  deinit {
    kill()
    unlink(socketPath)
  }

  /// Ends it at once.
  func kill() {
    guard end == nil else { return }
    Glibc.kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
    end = status
  }

  /// Whether it has died. After its last answer there is a moment in which it still may: the watch of
  /// its event loop makes system calls for some 50 ms more.
  func hasEnded(waiting milliseconds: Int = 200) -> Bool {
    for _ in 0...milliseconds where end == nil {
      var status: Int32 = 0
      if waitpid(process, &status, WNOHANG) == process { end = status } else { usleep(1_000) }
    }
    return end != nil
  }

  /// What it has logged so far.
  var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

  /// One request on a connection of its own; `nil` where no answer came back.
  func call(
    _ method: String, _ path: String, json: [String: String]? = nil, bearer: String? = nil
  ) -> FastCGIReply? {
    guard let client = try? FastCGIClient(path: socketPath) else { return nil }
    var parameters: [(String, String)] = []
    var body: [UInt8] = []
    if let json {
      parameters.append(("CONTENT_TYPE", "application/json"))
      body = [UInt8]((try? JSONEncoder().encode(json)) ?? Data())
    }
    if let bearer { parameters.append(("HTTP_AUTHORIZATION", "Bearer \(bearer)")) }
    client.send(method, path, body: body, parameters: parameters, keep: false)
    return try? client.reply()
  }

  func call(_ call: Call) -> FastCGIReply? {
    self.call(call.method, call.path, json: call.json, bearer: call.bearer)
  }

  func refresh(_ token: String) -> FastCGIReply? {
    call(.refresh(token))
  }

  func login(_ name: String, _ password: String = TestHouse.password) -> FastCGIReply? {
    call(.login(name, password))
  }
}

/// A request as a client makes it.
struct Call {
  var method = "POST"
  let path: String
  var json: [String: String]?
  var bearer: String?

  static func refresh(_ token: String) -> Call {
    Call(path: "/refresh-token", json: ["refreshToken": token])
  }

  static func login(_ name: String, _ password: String = TestHouse.password) -> Call {
    Call(path: "/login", json: ["username": name, "password": password])
  }

  static func logout(_ token: String) -> Call {
    Call(path: "/logout", json: ["refreshToken": token])
  }

  static func password(_ current: String, _ new: String, bearer: String) -> Call {
    Call(
      path: "/password", json: ["currentPassword": current, "newPassword": new], bearer: bearer)
  }

  static func link(_ token: String, _ new: String) -> Call {
    Call(path: "/link", json: ["token": token, "newPassword": new])
  }

  static func delete(_ path: String, bearer: String) -> Call {
    Call(method: "DELETE", path: path, bearer: bearer)
  }
}

extension FastCGIReply {
  private func field(_ name: String) -> String {
    let json = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
    return json?[name] as? String ?? ""
  }

  var refreshToken: String { field("refreshToken") }
  var accessToken: String { field("accessToken") }
}
