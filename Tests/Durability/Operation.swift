import Foundation
import TestSupport

/// One request that changes something, and what must hold whenever the worker died during it.
struct Operation: Sendable {
  let name: String
  let call: @Sendable (Scene) -> Call
  /// Checks, through a fresh worker, all that the client may rely on. `answer` is what had
  /// come back: `nil` where the client heard nothing.
  let check: @Sendable (inout Aftermath) -> Void
}

/// The state after a fault, and the rules that it broke.
struct Aftermath {
  let scene: Scene
  let answer: FastCGIReply?
  let worker: WorkerProcess
  private(set) var violations: [String] = []

  init(scene: Scene, answer: FastCGIReply?, worker: WorkerProcess) {
    self.scene = scene
    self.answer = answer
    self.worker = worker
  }

  mutating func expect(_ holds: Bool, _ rule: String) {
    if !holds { violations.append(rule) }
  }

  mutating func expectGood(_ token: String, _ whose: String) {
    let reply = worker.refresh(token)
    expect(reply?.status == 200, "\(whose) must be good, was \(reply?.status ?? 0)")
  }

  mutating func expectDead(_ token: String, _ whose: String) {
    let reply = worker.refresh(token)
    expect(reply?.status == 403, "\(whose) must be dead, was \(reply?.status ?? 0)")
  }

  /// What holds after every fault in everything that Alice does.
  mutating func checkOthers() {
    expect((try? scene.sessions()) != nil, "V2: a document is not whole")
    expectGood(scene.bystander, "V5: another user's token")
    let secrets = [scene.current, scene.second, scene.bystander].compactMap {
      $0.split(separator: ".").last
    }
    let log = worker.log
    expect(
      !(secrets + [TestHouse.password[...]]).contains { log.contains($0) },
      "V7: the log holds a secret")
  }

  /// A refresh of Alice's current token is made again, whether or not its answer came.
  mutating func checkRotated() {
    let before = (try? scene.sessions().first)?.current.id ?? ""
    if let answer {
      expect(answer.status == 200, "the answer was \(answer.status)")
      expect(before == tokenID(answer.refreshToken), "V1: the answered token is not on disk")
    }
    let again = worker.refresh(scene.current)
    expect(again?.status == 200, "V6: the held token was refused: \(again?.status ?? 0)")
    let successor = again?.refreshToken ?? ""
    if let answer {
      expect(successor == answer.refreshToken, "V3: another successor than the answered one")
    } else if before != tokenID(scene.current) {
      expect(tokenID(successor) == before, "V3: another successor than the one on disk")
    }
    expect(worker.refresh(scene.current)?.refreshToken == successor, "V3: a second successor")
    expect((try? scene.sessions().count) == 2, "V3: sessions were forked or lost")
    expectGood(successor, "the successor")
    expectGood(scene.second, "V5: the other session")
  }
}

extension Operation {
  static let rotation = Operation(name: "rotation") {
    .refresh($0.current)
  } check: {
    $0.checkRotated()
  }

  static let replay = Operation(name: "replay") {
    .refresh($0.replaced)
  } check: { after in
    if let answer = after.answer {
      after.expect(answer.refreshToken == after.scene.current, "V3: not the current token")
    }
    after.expect(
      after.worker.refresh(after.scene.replaced)?.refreshToken == after.scene.current,
      "V6: a replay must give the current token")
    after.expectGood(after.scene.current, "the current token")
    after.expectGood(after.scene.second, "V5: the other session")
  }

  static let reuse = Operation(name: "reuse") {
    .refresh($0.stale)
  } check: { after in
    let isRevoked = (try? after.scene.sessions().count) == 1
    if let answer = after.answer {
      after.expect(answer.status == 403, "reuse was answered \(answer.status)")
      after.expect(isRevoked, "V1: revoked, and is not on disk")
    }
    if !isRevoked { after.expectDead(after.scene.stale, "V4: the used token") }
    after.expectDead(after.scene.current, "V4: the revoked session's current token")
    after.expectDead(after.scene.replaced, "V4: the revoked session's replaced token")
    after.expectGood(after.scene.second, "V5: the other session")
  }

  static let signIn = Operation(name: "sign-in") { _ in
    .login("alice")
  } check: { after in
    let count = (try? after.scene.sessions().count) ?? 0
    after.expect(count == 3 || count == 2 && after.answer == nil, "V1: \(count) sessions")
    if let answer = after.answer {
      after.expect(answer.status == 200, "the answer was \(answer.status)")
      after.expectGood(answer.refreshToken, "V1: the answered token")
    }
    after.expect(after.worker.login("alice")?.status == 200, "V6: cannot sign in again")
    after.expect((try? after.scene.sessions().count) == count + 1, "V2: a session was lost")
    after.expectGood(after.scene.current, "V5: the first session")
    after.expectGood(after.scene.second, "V5: the second session")
  }

  static let logout = Operation(name: "logout") {
    .logout($0.current)
  } check: { after in
    let isRevoked = (try? after.scene.sessions().count) == 1
    after.expect(after.answer == nil || isRevoked, "V1: signed out, and is not on disk")
    if !isRevoked {
      after.expect(after.worker.call(.logout(after.scene.current))?.status == 204, "V6: logout")
    }
    after.expectDead(after.scene.current, "V4: the ended session's current token")
    after.expectDead(after.scene.replaced, "V4: the ended session's replaced token")
    after.expectGood(after.scene.second, "V5: the other session")
  }

  static let endOne = Operation(name: "DELETE /sessions/{id}") {
    .delete("/sessions/\($0.secondID)", bearer: $0.access)
  } check: { after in
    let path = "/sessions/\(after.scene.secondID)"
    after.checkOthersEnded(by: .delete(path, bearer: after.scene.access), repeated: [204, 404])
  }

  static let endOthers = Operation(name: "DELETE /sessions") {
    .delete("/sessions", bearer: $0.access)
  } check: { after in
    after.checkOthersEnded(
      by: .delete("/sessions", bearer: after.scene.access), repeated: [204])
  }

  static let newPassword = "another horse by the quay"

  static let passwordChange = Operation(name: "password change") {
    .password(TestHouse.password, newPassword, bearer: $0.access)
  } check: { after in
    let old = after.worker.login("carol")?.status
    after.expect(old == 200, "V5: another user cannot sign in")
    let call = Call.password(TestHouse.password, newPassword, bearer: after.scene.access)
    if let answer = after.answer {
      after.expect(answer.status == 204, "the answer was \(answer.status)")
      after.expectDead(after.scene.second, "V4: the ended session's token")
    } else if after.worker.call(call)?.status != 204 {
      // It had been changed, so the other sessions had ended before.
      after.expectDead(after.scene.second, "V4: the ended session's token")
    }
    after.expect(after.worker.login("alice")?.status == 400, "V1: the old password is right")
    after.expect(
      after.worker.login("alice", newPassword)?.status == 200, "V1: the new password is wrong")
    after.expectDead(after.scene.second, "V4: the ended session's token")
    after.expectGood(after.scene.current, "V5: the caller's own session")
  }

  /// The link is good until the password is set, and from then on it is not.
  static let linkUse = Operation(name: "POST /link") {
    .link($0.link, newPassword)
  } check: { after in
    let call = Call.link(after.scene.link, newPassword)
    if let answer = after.answer {
      after.expect(answer.status == 204, "the answer was \(answer.status)")
    } else {
      let isSet = after.worker.login("alice")?.status == 400
      let status = after.worker.call(call)?.status
      after.expect(status == (isSet ? 403 : 204), "V6: the link was answered \(status ?? 0)")
    }
    after.expect(after.worker.login("alice")?.status == 400, "V1: the old password is right")
    after.expect(
      after.worker.login("alice", newPassword)?.status == 200, "V1: the new password is wrong")
    after.expect(after.worker.call(call)?.status == 403, "P13: the link is good after its use")
    let access = after.worker.call(
      Call(method: "GET", path: "/current-user", bearer: after.scene.access))
    after.expect(access?.status == 401, "V4: the ended session's access token is good")
    after.expectDead(after.scene.current, "V4: the ended session's token")
    after.expectDead(after.scene.second, "V4: the other ended session's token")
  }

  static let all: [Operation] = [
    rotation, signIn, replay, reuse, logout, endOne, endOthers, passwordChange, linkUse,
  ]
}

extension Aftermath {
  fileprivate mutating func checkOthersEnded(by call: Call, repeated: [Int]) {
    if let answer {
      expect(answer.status == 204, "the answer was \(answer.status)")
      expect((try? scene.sessions().count) == 1, "V1: ended, and is not on disk")
    }
    expect(repeated.contains(worker.call(call)?.status ?? 0), "V6: cannot be asked again")
    expectDead(scene.second, "V4: the ended session's token")
    expectGood(scene.current, "V5: the caller's own session")
  }
}
