import Accounts
import DocumentStore
import Foundation
import TestSupport
import XCTest

/// The ways in which a session ends before its time, or its user loses a right.
enum Revocation: CaseIterable {
  case signOut, endByAnother, endAllOthers, changePassword, reuse, disable, remove, leaveGroup

  /// What a request that comes too late is told.
  var refusal: Int { self == .leaveGroup ? 403 : 401 }
}

/// One who signs in, does something to end one of their sessions, and is told that it is done.
final class Revoker {
  struct Session {
    let id, access, refresh: String
  }

  private let name: String
  private let documents: any DocumentStore
  private let connection: RaceConnection
  private var password = TestHouse.password
  private var changes = 0

  init(name: String, documents: any DocumentStore, socketPath: String) {
    self.name = name
    self.documents = documents
    connection = RaceConnection(path: socketPath)
  }

  /// The password that is right now.
  var currentPassword: String { password }

  func signIn() throws -> Session {
    try XCTUnwrap(
      Self.signIn(name, password, over: connection), "sign-in of \(name)")
  }

  /// `nil` where the sign-in is refused.
  static func signIn(
    _ name: String, _ password: String, over connection: RaceConnection
  ) throws -> Session? {
    let exchange = try connection.exchange(
      "POST", "/login", ["username": name, "password": password])
    guard exchange.reply?.status == 200, let answer = exchange.json as? [String: Any],
      let access = answer["accessToken"] as? String,
      let refresh = answer["refreshToken"] as? String,
      let id = claims(of: refresh)["sid"] as? String
    else { return nil }
    return Session(id: id, access: access, refresh: refresh)
  }

  /// What must be done before, so that `revoke` is one request.
  /// - Returns: the session as it is from now on.
  func prepare(_ revocation: Revocation, _ session: Session) throws -> Session {
    guard revocation == .reuse else { return session }
    let answer =
      try connection.exchange(
        "POST", "/refresh-token", ["refreshToken": session.refresh]
      ).json as? [String: Any]
    return Session(
      id: session.id, access: try XCTUnwrap(answer?["accessToken"] as? String),
      refresh: try XCTUnwrap(answer?["refreshToken"] as? String))
  }

  /// Ends `session`, and returns when that is answered.
  /// - Parameters:
  ///   - old: as `session` was before `prepare`.
  ///   - mine: another session of the same user.
  func revoke(_ revocation: Revocation, _ session: Session, old: Session, mine: Session) throws {
    switch revocation {
    case .signOut:
      try expect(204, "POST", "/logout", ["refreshToken": session.refresh])
    case .endByAnother:
      try expect(204, "DELETE", "/sessions/\(session.id)", bearer: mine.access)
    case .endAllOthers:
      try expect(204, "DELETE", "/sessions", bearer: mine.access)
    case .changePassword:
      changes += 1
      let new = "correct horse of the year \(changes)"
      try expect(
        204, "POST", "/password", ["currentPassword": password, "newPassword": new],
        bearer: mine.access)
      password = new
    case .reuse:
      try expect(403, "POST", "/refresh-token", ["refreshToken": old.refresh])
    case .disable: try documents.update(User.self, name) { $0?.isDisabled = true }
    case .remove: try documents.update(User.self, name) { $0 = nil }
    case .leaveGroup: try documents.update(User.self, name) { $0?.groups = ["web"] }
    }
  }

  /// Runs `body`, and gives the user back what it took.
  func restoring<Value>(_ body: () throws -> Value) throws -> Value {
    let user = try documents.read(User.self, name)
    defer {
      _ = try? documents.update(User.self, name) { now in
        var back = now ?? user
        back?.isDisabled = false
        back?.groups = ["ops"]
        now = back
      }
    }
    return try body()
  }

  private func expect(
    _ status: Int, _ method: String, _ path: String, _ body: [String: String] = [:],
    bearer: String? = nil
  ) throws {
    let reply = try connection.exchange(method, path, body, bearer: bearer).reply
    XCTAssertEqual(reply?.status, status, "\(method) \(path): \(reply?.text ?? "no answer")")
  }
}
