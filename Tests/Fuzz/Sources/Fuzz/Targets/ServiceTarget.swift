import ForeignInput
import Foundation
import HTTPTypes

@testable import Accounts
@testable import FastCGI
@testable import HandlerKit
@testable import Postern
@testable import PosternTesting

/// A whole request, and the answer of all the service to it.
struct ServiceTarget: FuzzTarget {
  static let name = "service"

  private let store = SnapshotStore()
  private let service: TestService
  private let access, refresh, device, link: String

  init() throws {
    let store = store
    let service = try wait {
      var configuration = try TestService.configuration()
      configuration.isThrottleEnabled = true
      return try await TestService(
        modules: standardModules, configuration: configuration, documents: store,
        passwords: TestService.cheapHasher())
    }
    self.service = service
    (access, refresh, device, link) = try wait {
      try service.addUser("alice")
      let login: [String: String] = [
        "username": "alice", "password": TestService.password, "device": "",
      ]
      let answer = await service.respond(to: .make(.post, "/login", json: login)).json
      return (
        answer["accessToken"] as? String ?? "", answer["refreshToken"] as? String ?? "",
        answer["device"] as? String ?? "",
        try service.services.passwordLinks.make(for: Username("alice")!, at: now)
      )
    }
    store.keep()
  }

  func seeds() -> [[UInt8]] {
    let bearer = ["HTTP_AUTHORIZATION": "Bearer \(access)"]
    let page = ["HTTP_ORIGIN": "http://localhost:8080"]
    let cookies = page.merging(["HTTP_COOKIE": "__Host-refresh=\(refresh); __Host-device=\(device)"]
    ) {
      $1
    }
    let json = "application/json"
    let password = TestService.password
    return [
      SentRequest(
        "POST", "/login", page,
        #"{"username":"alice","password":"\#(password)","session":"cookie","remember":false}"#,
        type: json),
      SentRequest(
        "POST", "/login", ["HTTP_USER_AGENT": "x"],
        "username=alice&password=wrong&device=\(device)&fingerprint=f",
        type: "application/x-www-form-urlencoded"),
      SentRequest(
        "POST", "/refresh-token", [:],
        #"{"refreshToken":"\#(refresh)","attempt":"AAAAAAAAAAAAAAAAAAAA"}"#, type: json),
      SentRequest("POST", "/refresh-token", cookies, "{}", type: json),
      SentRequest("POST", "/logout", [:], #"{"refreshToken":"\#(refresh)"}"#, type: json),
      SentRequest("GET", "/current-user", bearer), SentRequest("GET", "/job-list", bearer),
      SentRequest("GET", "/sessions", bearer), SentRequest("DELETE", "/sessions", bearer),
      SentRequest("DELETE", "/sessions/x", bearer),
      SentRequest(
        "POST", "/password", bearer,
        #"{"currentPassword":"\#(password)","newPassword":"wind over the cedar gate"}"#, type: json),
      SentRequest(
        "POST", "/link", [:], #"{"token":"\#(link)","newPassword":"wind over the cedar gate"}"#,
        type: json),
      SentRequest("GET", "/verify?group=ops&group=a", cookies),
      SentRequest("GET", "/verify", bearer.merging(["HTTP_SEC_FETCH_MODE": "navigate"]) { $1 }),
      SentRequest("GET", "/.well-known/jwks.json"), SentRequest("HEAD", "/healthz"),
      SentRequest("GET", "/metrics"),
      SentRequest(
        "GET", "/nothing", ["HTTP_ACCEPT": "application/problem+json", "HTTP_ORIGIN": "null"]),
    ].map(\.bytes)
  }

  var words: [String] {
    ParametersTarget().words + [
      access, refresh, device, link, TestService.password, "Bearer ", "/login", "/refresh-token",
      "/logout", "/sessions", "/password", "/link", "/verify", "/current-user", "/job-list",
      "username", "password", "refreshToken", "attempt", "fingerprint", "device", "session",
      "cookie", "remember", "currentPassword", "newPassword", "token", "application/json",
      "application/x-www-form-urlencoded", "application/problem+json", "__Host-refresh=",
      "__Host-device=", "group=", "HTTP_SEC_FETCH_SITE=same-origin",
    ]
  }

  func run(_ bytes: [UInt8]) throws {
    let sent = SentRequest(bytes)
    let incoming = IncomingRequest(parameters: sent.asEnvironment, body: sent.body)
    guard case .success(let request) = incoming.outcome else { return }
    store.restore()
    let service = service
    let response = try wait { await service.respond(to: request) }
    require(response.status.code < 500, "\(request.method) \(request.path): \(response.status)")
    check(response.encoded(to: request.method), response, request)
  }

  /// Of what a client sent, only where it is asked for is anything in the answer, and nothing there
  /// ends a line.
  private func check(_ encoded: [UInt8], _ response: Response, _ request: Request) {
    let text = String(decoding: encoded, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { fail("the head of the answer has no end") }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    require(lines.first?.hasPrefix("Status: \(response.status.code) ") == true, lines[0])
    for line in lines {
      require(!line.utf8.contains { $0 == 10 || $0 == 13 || $0 == 0 }, "a line is in two: \(line)")
      require(line.contains(": "), "no header field: \(line)")
    }
    for name in ["status", "content-length", "x-request-id", "x-content-type-options"] {
      let count = lines.count { $0.lowercased().hasPrefix("\(name):") }
      let most = name == "content-length" && response.status == .noContent ? 0 : 1
      require(count == most, "\(name) comes \(count) times: \(lines)")
    }
    require(
      !text.contains(TestService.password), "a password is in the answer to \(request.path)")
  }
}
