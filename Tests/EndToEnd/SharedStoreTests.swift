import Foundation
import Glibc
import TestSupport
import XCTest

/// The service on servers that other hosts share, behind nginx: on Redis.
class SharedStoreTests: StoreTestCase {
  private func logout(_ token: String) -> HTTPCall {
    .post("/logout", json: ["refreshToken": token])
  }

  // MARK: - The main job

  func testTheMainJobOnTwoHosts() throws {
    let server = try startServer()
    let one = try host(server, hasDemo: true)
    try one.start()
    let two = try host(server)
    try copyKeys(from: one, to: two)
    try two.start()

    let signIn = try one.login("alice")
    for site in [one, two] {
      let jobs = try site.ask(.get("/job-list", bearer: signIn.accessToken))
      XCTAssertEqual(jobs.status, 200, jobs.text)
      XCTAssertGreaterThanOrEqual(jobs.list.count, 3)
      XCTAssertEqual(try site.ask(.get("/current-user", bearer: signIn.accessToken)).status, 200)
      XCTAssertEqual(try site.ask(.get("/healthz")).said, "200 ok")
      let visit = try verify(site, signIn.accessToken)
      XCTAssertEqual(visit.status, 204)
      XCTAssertEqual(visit.headers["x-auth-username"], "alice")
    }
    let refreshed = try two.ask(.refresh(signIn.refreshToken))
    XCTAssertEqual(refreshed.status, 200, refreshed.text)
    let replay = try one.ask(.refresh(signIn.refreshToken))
    XCTAssertEqual(replay.status, 200, replay.text)
    XCTAssertEqual(replay.refreshToken, refreshed.refreshToken)

    // Ended on one, it is over on the other.
    XCTAssertEqual(try one.ask(logout(refreshed.refreshToken)).status, 204)
    XCTAssertEqual(try two.ask(.get("/job-list", bearer: refreshed.accessToken)).status, 401)
    XCTAssertEqual(try verify(two, refreshed.accessToken).status, 401)
    XCTAssertEqual(try two.ask(.refresh(refreshed.refreshToken)).status, 403)
    try assertNoPassword(one, two)
  }

  /// As nginx asks for an application that it guards.
  private func verify(
    _ site: Installation, _ token: String
  ) throws -> (status: Int, headers: [String: String]) {
    let client = try FastCGIClient(path: site.socketPath)
    client.send(
      "GET", "/verify", parameters: [("HTTP_AUTHORIZATION", "Bearer \(token)")], keep: false)
    let reply = try client.reply()
    return (reply.status, reply.headers)
  }

  func testE1_parallelRefreshesOnTwoHostsGiveOneSuccessor() throws {
    let server = try startServer()
    let one = try host(server, hasDemo: true)
    try one.start()
    let two = try host(server)
    try copyKeys(from: one, to: two)
    try two.start()
    for _ in 0..<3 {
      let token = try one.login("alice").refreshToken
      let answers = try onThreads(2) { number in
        Result { try [one, two][number].askAtOnce(Array(repeating: .refresh(token), count: 12)) }
      }.flatMap { try $0.get() }
      XCTAssertEqual(Set(answers.map(\.status)), [200], answers.map(\.text).joined())
      XCTAssertEqual(Set(answers.map(\.refreshToken)).count, 1)
      XCTAssertFalse(answers.map(\.refreshToken).contains(token))
    }
  }

  // MARK: - Trouble with the servers

  func testRequestsAreRefusedWhileTheServerIsDownAndServedAsSoonAsItIsUp() throws {
    let server = try startServer()
    let site = try host(server, hasDemo: true)
    try site.start()
    let signIn = try site.login("alice")
    let workers = site.workers
    server.stop()
    for call in [
      .refresh(signIn.refreshToken), .get("/job-list", bearer: signIn.accessToken),
      .login("bob"), .get("/healthz"),
    ] as [HTTPCall] {
      let answer = try site.ask(call)
      XCTAssertEqual(answer.status, 503, "\(call.path) \(answer.text)")
      XCTAssertEqual(answer["Retry-After"], "5", call.path)
    }
    XCTAssertEqual(site.workers, workers)
    try server.resume()
    XCTAssertTrue(
      try eventually(within: 20) { try site.ask(.refresh(signIn.refreshToken)).status == 200 })
    XCTAssertEqual(site.workers, workers, "no worker ended for it")
    try assertNoPassword(site)
  }

  func testAServiceWhoseServerIsDownAtTheStartServesWhenItIsUp() throws {
    let server = try startServer()
    let site = try host(server, hasDemo: true)
    try site.start()
    site.stop()
    server.stop()
    try site.startPostern()
    let workers = site.workers
    XCTAssertTrue(site.logs.contains("the store cannot be asked"), site.logs)
    for _ in 0..<2 {
      let client = try FastCGIClient(path: site.socketPath)
      client.send("GET", "/healthz", keep: false)
      let reply = try client.reply()
      XCTAssertEqual(reply.status, 503)
      XCTAssertEqual(reply.headers["retry-after"], "5")
    }
    try server.resume()
    try site.startNginx()
    XCTAssertTrue(
      try eventually(within: 20) { try site.ask(.login("alice")).status == 200 }, site.logs)
    XCTAssertEqual(site.workers, workers, "no worker ended for it")
    try assertNoPassword(site)
  }

  // MARK: - Keys

  func testAHostWithOtherKeysDoesNotStartAndSaysWhy() throws {
    let server = try startServer()
    let one = try host(server)
    try one.startPostern()
    let two = try host(server)
    func refusal(_ site: Installation) throws -> String {
      let serve = try site.serve(log: "refused-\(UUID().uuidString).log")
      defer { serve.stop() }
      XCTAssertEqual(try serve.waitForEnd(), 78, serve.log)
      return serve.log
    }
    XCTAssertTrue(try refusal(two).contains("there is no keys.json"))
    XCTAssertFalse(FileManager.default.fileExists(atPath: "\(two.data)/keys.json"))
    let other = try makeInstallation()
    try other.startPostern()
    try copyKeys(from: other, to: two)
    XCTAssertTrue(try refusal(two).contains("are not those of the other hosts"))
    try copyKeys(from: one, to: two)
    try two.startPostern()

    // A rotation is made on one host, and copied to the others before the new key signs.
    let rotated = try one.command(["key", "rotate"])
    XCTAssertEqual(rotated.status, 0, rotated.output)
    XCTAssertEqual(try two.command(["reload"]).status, 0, two.logs)
    try copyKeys(from: one, to: two)
    XCTAssertEqual(try two.command(["reload"]).status, 0, two.logs)

    // A key that others may know is no longer good on a host that has not heard of it.
    let keys = try one.command(["key", "list", "--json"])
    let rows = try XCTUnwrap(
      JSONSerialization.jsonObject(with: Data(keys.output.utf8)) as? [[String: Any]])
    let active = try XCTUnwrap(
      rows.first { $0["state"] as? String == "active" && $0["kind"] as? String == "access" })
    let kid = try XCTUnwrap(active["kid"] as? String)
    let retired = try one.command(["key", "retire", kid, "--now", "--yes"])
    XCTAssertEqual(retired.status, 0, retired.output)
    let reload = try two.command(["reload"])
    XCTAssertEqual(reload.status, 1, reload.output)
    XCTAssertTrue(reload.output.contains("are not those of the other hosts"), reload.output)
    two.stop()
    XCTAssertTrue(try refusal(two).contains("postern key publish"))
    try copyKeys(from: one, to: two)
    try two.startPostern()
  }

  func testKeysOfTheEnvironmentAreToldApart() throws {
    let server = try startServer()
    func secrets(_ letter: Character) -> [String: String] {
      [
        "POSTERN_TOKENS_ACCESS_SECRET": "\(letter)-Zx81kqPw0vLr62tYbN4mSd7fGh3jKc9e",
        "POSTERN_TOKENS_REFRESH_SECRET": "\(letter)-Qm27cVbX93nLzTr5wEy8uIp1oAs6dFg4",
      ]
    }
    let one = try host(server, secrets("a"))
    try one.startPostern()
    XCTAssertFalse(FileManager.default.fileExists(atPath: one.data), "there is nothing to keep")
    let two = try host(server, secrets("b"))
    let serve = try two.serve(log: "refused.log")
    defer { serve.stop() }
    XCTAssertEqual(try serve.waitForEnd(), 78, serve.log)
    XCTAssertEqual(try two.command(["key", "publish"]).status, 0)
    try two.startPostern()
  }

  // MARK: - Commands

  func testCommandsWorkOnIt() throws {
    let server = try startServer()
    let site = try host(server, hasDemo: true)
    XCTAssertEqual(try site.command(["demo"]).output, "", "there are users")
    try site.start()
    try site.addUser("dave")
    let signIn = try site.login("dave")
    let sessions = try site.command(["session", "list", "dave"])
    XCTAssertEqual(sessions.output.split(separator: "\n").count, 1, sessions.output)
    let jobs = "\(site.folder)/jobs.csv"
    try "username,id,title\ndave,1,gardener\n".write(
      toFile: jobs, atomically: true, encoding: .utf8)
    XCTAssertEqual(try site.command(["jobs", "import", jobs]).status, 0)
    XCTAssertEqual(try site.ask(.get("/job-list", bearer: signIn.accessToken)).list.count, 1)
    for arguments in [
      ["check"], ["sweep"], ["status"], ["key", "list"], ["user", "show", "dave"],
      ["user", "disable", "dave"], ["user", "enable", "dave"], ["user", "export"],
    ] {
      let ended = try site.command(arguments)
      XCTAssertEqual(ended.status, 0, "\(arguments): \(ended.output)")
      XCTAssertFalse(ended.output.contains(StoreServer.password))
    }
    XCTAssertEqual(try site.command(["session", "end", "--all", "alice"]).status, 0)
    let deleted = try site.command(["user", "delete", "dave", "--yes"])
    XCTAssertEqual(deleted.status, 0, deleted.output)
    XCTAssertEqual(try site.ask(.get("/job-list", bearer: signIn.accessToken)).status, 401)
  }

  func testEachHostIsShownWithItsWorkersUntilItStops() throws {
    let server = try startServer()
    let one = try host(server, hasDemo: true)
    try one.start()
    let two = try host(server)
    try copyKeys(from: one, to: two)
    try two.startPostern()
    func hosts() throws -> [[String: Any]] {
      let (_, output) = try one.command(["status", "--hosts", "--json"])
      let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
      return try XCTUnwrap(object?["hosts"] as? [[String: Any]], output)
    }
    XCTAssertTrue(
      try eventually(within: 30) {
        try hosts().filter { $0["serving"] as? Int == Installation.workerCount }.count == 2
      }, one.logs)
    XCTAssertEqual(
      Set(try hosts().compactMap { $0["pid"] as? Int }),
      Set([one, two].compactMap { $0.postern.map { Int($0.id) } }))
    XCTAssertEqual(try one.command(["status", "--hosts"]).status, 0)
    two.stop()
    XCTAssertEqual(try hosts().count, 1, "one that stops says so")
    one.stop()
    XCTAssertEqual(try one.command(["status", "--hosts"]).status, 3)
  }

  func testAStoreIsCopiedToAndFroWhileTheServiceIsStopped() throws {
    let server = try startServer()
    let files = try makeInstallation()
    try files.start()
    let signIn = try files.login("alice")
    let environment = ["NEW_STORE": server.url]
    let arguments = ["store", "copy", "--to", "env:NEW_STORE"]
    let refused = try files.command(arguments, settings: environment)
    XCTAssertEqual(refused.status, 78, refused.output)
    files.stop()
    let moved = try host(server, ["POSTERN_DATA": files.data])
    let (status, output) = try files.command(arguments, settings: environment)
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.hasPrefix("copied "), output)
    let again = try files.command(arguments, settings: environment)
    XCTAssertTrue(again.output.hasPrefix("copied 0, there already "), again.output)
    try moved.start()
    let refreshed = try moved.ask(.refresh(signIn.refreshToken))
    XCTAssertEqual(refreshed.status, 200, refreshed.text)

    let back = ["store", "copy", "--to", "file:\(files.folder)/back"]
    XCTAssertEqual(try moved.command(back).status, 78, "it runs")
    moved.stop()
    let returned = try moved.command(back)
    XCTAssertEqual(returned.status, 0, returned.output)
    let last = try makeInstallation(
      .init(
        settings: ["POSTERN_DATA": files.data, "POSTERN_STORE": "file:\(files.folder)/back"],
        hasDemo: false))
    try last.start()
    XCTAssertEqual(try last.ask(.refresh(refreshed.refreshToken)).status, 200)
    XCTAssertEqual(try last.command(["check"]).status, 0)
  }

  func testAStoreIsCopiedToAServerOfTheOtherKindWithAllThatIsInItAndWhenItExpires() throws {
    let server = try startServer()
    let one = try host(server, hasDemo: true)
    try one.start()
    let signIn = try one.login("alice")
    let ended = try one.login("bob")
    XCTAssertEqual(try one.ask(logout(ended.refreshToken)).status, 204)
    XCTAssertEqual(try one.command(["user", "link", "bob"]).status, 0)
    one.stop()

    let other = try startServer(Self.kind == .redis ? .postgresql : .redis)
    let two = try host(other, ["POSTERN_DATA": one.data])
    let (status, output) = try one.command(
      ["store", "copy", "--to", "env:NEW_STORE", "--json"], settings: ["NEW_STORE": other.url])
    XCTAssertEqual(status, 0, output)
    XCTAssertFalse(output.contains(StoreServer.password), output)
    let documents = try documents(of: server)
    XCTAssertEqual(try self.documents(of: other), documents)
    XCTAssertNotNil(documents["links/bob"]?.expiry)
    XCTAssertTrue(documents.contains { $0.key.hasPrefix("tokens/") && $0.value.expiry != nil })
    XCTAssertTrue(documents.contains { $0.key.hasPrefix("users/") && $0.value.expiry == nil })
    let report = try XCTUnwrap(
      JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Int], output)
    XCTAssertEqual(
      report,
      ["copied": documents.count, "same": 0, "expired": 0, "compared": documents.count, "bad": 0])

    try two.start()
    XCTAssertEqual(try two.ask(.refresh(signIn.refreshToken)).status, 200)
    XCTAssertEqual(try two.ask(.refresh(ended.refreshToken)).status, 403)
    XCTAssertEqual(try two.command(["check"]).status, 0)
  }

  private struct KeptDocument: Equatable {
    let content: NSDictionary
    /// Seconds since 1970; `nil` for never.
    let expiry: Int?
  }

  /// What a server has, without what belongs to its hosts.
  private func documents(of server: StoreServer) throws -> [String: KeptDocument] {
    var documents: [String: KeptDocument] = [:]
    func add(_ name: String, _ text: String, expiry: Int?) throws {
      if name.hasPrefix("hosts/") || name.hasPrefix("keys/") { return }
      let content = try JSONSerialization.jsonObject(with: Data(text.utf8))
      documents[name] = KeptDocument(
        content: try XCTUnwrap(content as? NSDictionary), expiry: expiry)
    }
    switch server.kind {
    case .redis:
      for name in try server.command("keys", "postern:*").split(separator: "\n").map(String.init) {
        let parts = name.split(separator: ":", maxSplits: 2)
        let time = try server.command("pexpiretime", name)
        let milliseconds = try XCTUnwrap(Int(time.trimmingCharacters(in: .newlines)))
        try add(
          "\(parts[1])/\(parts[2].dropFirst().dropLast())",
          server.command("hget", name, "document"),
          // The servers' clock may be an hour ahead.
          expiry: milliseconds < 0 ? nil : milliseconds / 1000 - 3600)
      }
    case .postgresql:
      let rows = try server.command(
        """
        select json_build_object('name', collection || '/' || convert_from(key, 'utf8'), 'text',
          document::text, 'expiry', floor(extract(epoch from expires))) from postern_documents
        """)
      for row in rows.split(separator: "\n") {
        let row = try XCTUnwrap(
          JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any])
        try add(
          try XCTUnwrap(row["name"] as? String), try XCTUnwrap(row["text"] as? String),
          expiry: row["expiry"] as? Int)
      }
    }
    return documents
  }
}

/// The same on PostgreSQL.
final class PostgreSQLStoreTests: SharedStoreTests {
  override class var kind: StoreServer.Kind { .postgresql }

  func testAServiceWithoutTheTableDoesNotStartAndSaysWhatMakesIt() throws {
    let server = try startServer()
    let site = try makeInstallation(
      .init(settings: ["POSTERN_STORE": server.url], hasDemo: false))
    let serve = try site.serve(log: "refused.log")
    defer { serve.stop() }
    XCTAssertEqual(try serve.waitForEnd(), 78, serve.log)
    XCTAssertTrue(serve.log.contains("run postern store init"), serve.log)
    for _ in 0..<2 { XCTAssertEqual(try site.command(["store", "init"]).status, 0) }
    try site.startPostern()
    let worker = try XCTUnwrap(site.workers.first)
    XCTAssertTrue(
      eventually(within: 10) { ProcessTable.text("maps", of: worker).contains("/libpq.so") })
  }
}
