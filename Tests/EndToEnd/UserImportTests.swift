import Foundation
import XCTest

/// `postern user import`, `user export` and `jobs import`.
final class UserImportTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  /// Of `HTTPCall.goodPassword`, by mkpasswd(1) and Django.
  private static let bcrypt = "$2b$05$abcdefghijklmnopqrstuuoKMOK4tkB5zffD1U1vqZGysSb7CnrmS"
  private static let django =
    "pbkdf2_sha256$1000$seasalt$Uw8XOaspb6w+v9/VBuLxgyqiVsps4Gk+Uu9zNqQq6r4="

  private func site() throws -> Installation { try makeInstallation(.init(hasDemo: false)) }

  private func file(_ site: Installation, _ name: String, _ text: String) throws -> String {
    let path = "\(site.folder)/\(name)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func users(_ site: Installation) throws -> [[String: Any]] {
    let (status, output) = try site.command(["user", "list", "--json"])
    XCTAssertEqual(status, 0, output)
    return try output.split(separator: "\n").map {
      try XCTUnwrap(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  func testAnImportedUserSignsInAndTheStoredHashBecomesOurs() throws {
    let site = try site()
    let path = try file(
      site, "users.csv",
      """
      username,email,groups,passwordHash
      Dana,dana@example.com,"ops,web",\(Self.bcrypt)
      erin,erin@example.com,,\(Self.django)

      """)
    try site.addUser("alice")
    try site.start()
    let (status, output) = try site.command(["user", "import", path])
    XCTAssertEqual(status, 0, output)
    XCTAssertEqual(output, "added 2, updated 0, unchanged 0, refused 0\n")
    for name in ["dana", "erin"] {
      XCTAssertEqual(try site.ask(.login(name, "wrong")).status, 400)
      XCTAssertEqual(try site.ask(.login(name)).status, 200)
      let document = try document(site, name)
      XCTAssertTrue(document.contains("\"passwordHash\":\"$argon2id$v=19$m=19456,t=2,p=1$"), name)
      XCTAssertEqual(try site.ask(.login(name)).status, 200)
    }
    // The hashes of the file are others than the stored ones now, which is no reason to change them.
    XCTAssertEqual(
      try site.command(["user", "import", path, "--update"]).output,
      "added 0, updated 0, unchanged 2, refused 0\n")
    XCTAssertEqual(try site.ask(.login("dana")).status, 200)
  }

  private func document(_ site: Installation, _ name: String) throws -> String {
    let names = try FileManager.default.subpathsOfDirectory(atPath: "\(site.data)/users")
    let path = try XCTUnwrap(names.first { $0.hasSuffix("/\(name).json") })
    return try String(contentsOfFile: "\(site.data)/users/\(path)", encoding: .utf8)
  }

  func testEachBadLineIsNamedAndAllOthersAreImported() throws {
    let site = try site()
    let path = try file(
      site, "users.jsonl",
      """
      {"username":"ann","email":"ann@example.com","passwordHash":"\(Self.bcrypt)"}
      {"username":"ANN","email":"ann@example.com"}
      {"username":"b ob","email":"bob@example.com"}

      {"username":"bob","email":"bob"}
      {"username":"bob"}
      {"username":"bob","email":"b@example.com","passwordHash":"$1$abc$def"}
      {"username":"bob","email":"b@example.com","passwordHash":"$2b$31$\(Self.bcrypt.dropFirst(7))"}
      {"username":"bob","email":"b@example.com","password":"canary-password"}
      {"username":"bob","email":"b@example.com","groups":["a b"]}
      {"username":"bob","email":"b@example.com","id":"1/7"}
      {"username":"bob","email":"b@example.com","paswordHash":""}
      not JSON
      {"username":"carol","email":"carol@example.com","id":"17"}
      {"username":"dora","email":"dora@example.com","id":"17"}
      {"username":"zoe","email":"zoe@example.com","disabled":true}
      """)
    let command = ["user", "import", path, "--create"]
    let (status, output) = try site.command(command)
    XCTAssertEqual(status, 1)
    let lines = output.split(separator: "\n").map(String.init)
    XCTAssertEqual(lines.last, "added 3, updated 0, unchanged 0, refused 12", output)
    XCTAssertEqual(
      lines.dropLast().compactMap { Int($0.split(separator: ":")[0].dropFirst(5)) }.sorted(),
      [2, 3] + Array(5...13) + [15], output)
    XCTAssertFalse(output.contains("canary"), output)
    let users = try users(site)
    XCTAssertEqual(users.map { $0["username"] as? String }, ["ann", "carol", "zoe"])
    XCTAssertEqual(users.map { $0["disabled"] as? Bool }, [false, false, true])
    XCTAssertEqual(users[1]["id"] as? String, "17")

    let again = try site.command(command)
    XCTAssertTrue(again.output.hasSuffix("added 0, updated 0, unchanged 3, refused 12\n"))
  }

  func testAnIDOfAnotherUserIsRefused() throws {
    let site = try site()
    try site.addUser("alice")
    let id = try XCTUnwrap(users(site)[0]["id"] as? String)
    let line = "{\"username\":\"mallory\",\"email\":\"m@example.com\",\"id\":\"\(id)\"}"
    let (status, output) = try site.command(
      ["user", "import", "-", "--format", "json"], input: line)
    XCTAssertEqual(status, 1)
    XCTAssertTrue(output.hasPrefix("line 1: id is that of another user\n"), output)
    XCTAssertEqual(try users(site).count, 1)
  }

  func testADryRunChangesNothingAndUpdateChangesWhatDiffers() throws {
    let site = try site()
    func run(_ text: String, _ options: String...) throws -> String {
      try site.command(
        ["user", "import", "-", "--format", "csv", "--create"] + options, input: text
      ).output
    }
    let one = "username,email,city\ndana,dana@example.com,Elm\n"
    XCTAssertEqual(try run(one, "--dry-run"), "added 1, updated 0, unchanged 0, refused 0\n")
    XCTAssertEqual(try users(site).count, 0)
    XCTAssertEqual(try run(one), "added 1, updated 0, unchanged 0, refused 0\n")
    let other = "username,city\ndana,Oak\n"
    XCTAssertTrue(try run(other).hasPrefix("line 2: there is a user of this name already"))
    XCTAssertEqual(
      try run(other, "--update", "--dry-run"), "added 0, updated 1, unchanged 0, refused 0\n")
    XCTAssertEqual(try users(site)[0]["city"] as? String, "Elm")
    XCTAssertEqual(try run(other, "--update"), "added 0, updated 1, unchanged 0, refused 0\n")
    XCTAssertEqual(try users(site)[0]["city"] as? String, "Oak")
    XCTAssertEqual(try users(site)[0]["email"] as? String, "dana@example.com")
  }

  func testPasswordsAreSetOnlyWhereThatIsAskedForAndEndTheSessions() throws {
    let site = try site()
    try site.addUser("dana", password: "another wind over the quay")
    try site.start()
    let session = try site.login("dana", "another wind over the quay")
    let line = "{\"username\":\"dana\",\"passwordHash\":\"\(Self.bcrypt)\"}"
    func run(_ options: String...) throws -> String {
      try site.command(["user", "import", "-", "--format", "json"] + options, input: line).output
    }
    XCTAssertEqual(try run("--update"), "added 0, updated 0, unchanged 1, refused 0\n")
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: session.accessToken)).status, 200)
    XCTAssertEqual(
      try run("--update", "--update-passwords"), "added 0, updated 1, unchanged 0, refused 0\n")
    XCTAssertEqual(try site.ask(.get("/current-user", bearer: session.accessToken)).status, 401)
    XCTAssertEqual(try site.ask(.login("dana", "another wind over the quay")).status, 400)
    XCTAssertEqual(try site.ask(.login("dana")).status, 200)
  }

  func testPlainPasswordsAreHashedHereWhereThatIsAskedFor() throws {
    let site = try site()
    let text = "username,email,password\ndana,d@example.com,\(HTTPCall.goodPassword)\n"
    let (status, output) = try site.command(
      ["user", "import", "-", "--format", "csv", "--create", "--plain-passwords"], input: text)
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(try document(site, "dana").contains("$argon2id$v=19$m=19456,t=2,p=1$"))
    try site.start()
    XCTAssertEqual(try site.ask(.login("dana")).status, 200)
  }

  func testWhatIsExportedAndImportedIsExportedToTheByteAgain() throws {
    let first = try site()
    try first.addUser("dana")
    let odd = [
      "--first-name", "\"Q\", the\nsecond", "--last-name", "=1+1", "--city", " é\u{2028}\\",
    ]
    XCTAssertEqual(
      try first.command(
        ["user", "add", "érin@home,", "--email", "e@example.com", "--link"] + odd
      ).status, 0)
    XCTAssertEqual(try first.command(["user", "groups", "dana", "ops", "web"]).status, 0)
    let path = try file(
      first, "more.jsonl",
      """
      {"username":"x","id":"17","email":"x@example.com","disabled":true,"passwordHash":"\(Self.bcrypt)"}
      {"username":"y","email":"y@example.com","passwordHash":"\(Self.django)"}
      """)
    XCTAssertEqual(try first.command(["user", "import", path]).status, 0)
    for format in ["csv", "json"] {
      let exported = try first.command(["user", "export", "--format", format]).output
      let second = try site()
      let written = "\(first.folder)/export.\(format)"
      XCTAssertEqual(try first.command(["user", "export", "-o", written]).status, 0)
      XCTAssertEqual(try String(contentsOfFile: written, encoding: .utf8), exported)
      let (status, output) = try second.command(["user", "import", written, "--create"])
      XCTAssertEqual(status, 0, output)
      XCTAssertEqual(output, "added 4, updated 0, unchanged 0, refused 0\n")
      XCTAssertEqual(try second.command(["user", "export", "--format", format]).output, exported)
    }
  }

  func testAnExportIsForItsOwnerAloneAndOverwritesNothing() throws {
    let site = try site()
    try site.addUser("dana")
    let path = "\(site.folder)/export.csv"
    XCTAssertEqual(try site.command(["user", "export", "--output", path]).status, 0)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    XCTAssertEqual(mode, 0o600)
    let before = FileManager.default.contents(atPath: path)
    XCTAssertNotEqual(try site.command(["user", "export", "--output", path]).status, 0)
    XCTAssertEqual(FileManager.default.contents(atPath: path), before)
  }

  func testImportAndExportOfOthersGoOnBesideAServiceThatSignsPeopleIn() throws {
    let site = try site()
    try site.addUser("alice")
    try site.start()
    let rows = (0..<300).map { "u\($0),u\($0)@example.com,\(Self.bcrypt)" }
    let path = try file(
      site, "many.csv", "username,email,passwordHash\n" + rows.joined(separator: "\n"))
    let importing = Thread { _ = try? site.command(["user", "import", path]) }
    importing.start()
    for _ in 0..<5 {
      XCTAssertEqual(try site.ask(.login("alice", HTTPCall.goodPassword)).status, 200)
    }
    XCTAssertTrue(eventually(within: 30) { importing.isFinished })
    XCTAssertEqual(try users(site).count, 301)
    XCTAssertEqual(try site.command(["check"]).output.hasSuffix(" 0 bad\n"), true)
  }

  func testJobsAreImportedForUsersWhoAreThere() throws {
    let site = try site()
    try site.addUser("dana")
    try site.addUser("erin")
    let id = try XCTUnwrap(users(site)[1]["id"] as? String)
    let text = """
      id,username,user_id,company_name,title,first_date,last_date
      1,dana,,"Lantern, Quay",Engineer,2021-03-01,
      2,DANA,,Ferries,Planner,2018-05-14,2021-02-26
      1,,\(id),Press,Reader,,
      2,nobody,,Press,Reader,,
      3,,nobody,Press,Reader,,
      4,dana,\(id),Press,Reader,,
      1,dana,,Press,Reader,,
      ,dana,,Press,Reader,,
      5,dana,,Press,Reader,May,
      """
    func run(_ text: String, _ options: String...) throws -> String {
      try site.command(["jobs", "import", "-", "--format", "csv"] + options, input: text).output
    }
    let output = try run(text)
    XCTAssertTrue(output.hasSuffix("added 3, updated 0, unchanged 0, refused 6\n"), output)
    for line in 5...10 { XCTAssertTrue(output.contains("line \(line): "), output) }
    let changed = "id,username,title\n1,dana,Chief\n"
    XCTAssertTrue(try run(changed).hasPrefix("line 2: the user has another job of this id"))
    XCTAssertEqual(
      try run(changed, "--update", "--dry-run"), "added 0, updated 1, unchanged 0, refused 0\n")
    try site.start()
    let dana = try site.login("dana")
    func titles() throws -> [String] {
      let jobs = try site.ask(.get("/job-list", bearer: dana.accessToken)).text
      let list = try JSONSerialization.jsonObject(with: Data(jobs.utf8)) as? [[String: String]]
      return try XCTUnwrap(list).compactMap { $0["title"] }
    }
    XCTAssertEqual(try titles(), ["Engineer", "Planner"])
    XCTAssertEqual(try run(changed, "--update"), "added 0, updated 1, unchanged 0, refused 0\n")
    XCTAssertEqual(try titles(), ["Chief", "Planner"])
    XCTAssertEqual(try run(changed), "added 0, updated 0, unchanged 1, refused 0\n")
  }

  func testWhatCannotBeMeantIsRefusedAsAWhole() throws {
    let site = try site()
    try site.addUser("dana")
    let csv = try file(site, "users.csv", "username,mail\ndana,x\n")
    for (arguments, reason) in [
      ([csv], "\"mail\" is no known column"), (["-"], "--format"),
      (["\(site.folder)/nothing.csv"], "open"), ([csv, "--update-passwords"], "--update"),
    ] {
      let (status, output) = try site.command(["user", "import"] + arguments)
      XCTAssertNotEqual(status, 0, output)
      XCTAssertTrue(output.contains(reason), output)
    }
  }
}
