import Foundation
import TestSupport
import XCTest

/// What the scripts refuse.
final class ScriptTests: TemporaryFolderTestCase {
  private func run(
    _ script: String, _ environment: [String: String]
  ) throws -> (status: Int32, output: String) {
    let child = try ChildProcess(
      "\(Repository.folder)/script/\(script)", [], environment: environment,
      log: "\(folder)/log", isFresh: true)
    return (try child.waitForEnd(), child.log)
  }

  func testM8_aPathThatNginxConfCannotHoldIsRefused() throws {
    for character in [" ", "\t", "\n", "\"", "'", "\\", ";", "{", "}", "$", "|", "&"] {
      let (status, output) = try run("nginx-conf", ["POSTERN_RUN": "/tmp/a\(character)b"])
      XCTAssertEqual(status, 1, character)
      XCTAssertTrue(output.hasPrefix("nginx.conf cannot hold the path /tmp/a"), output)
    }
    let (status, output) = try run("nginx-conf", ["POSTERN_RUN": "/tmp/é-_.+,=@~#%:b"])
    XCTAssertEqual(status, 0, output)
    XCTAssertTrue(output.contains("unix:/tmp/é-_.+,=@~#%:b/postern.sock max_fails=0;"), output)
  }

  func testM8_Q10_anOriginThatNginxConfCannotHoldIsRefused() throws {
    let odd = [
      "*", "null", "app.example.com", "ftp://a", "https://", "https://a/", "https://A", "https://é",
      "https://a\"b", "https://a;b", "https://a{b", "https://a$b", "https://a|b", "https://a&b",
      "https://a\\b", "https://a#b", "https://a\nb",
    ]
    for origin in odd {
      let (status, output) = try run(
        "nginx-conf", ["POSTERN_CORS_ALLOWED_ORIGINS": "https://good.example,\(origin)"])
      XCTAssertEqual(status, 1, origin)
      XCTAssertTrue(output.hasPrefix("nginx.conf cannot hold the origin "), output)
    }
    let (status, output) = try run(
      "nginx-conf",
      ["POSTERN_CORS_ALLOWED_ORIGINS": " https://a-b.c_d, http://[::1]:3000 ,,https://a-b.c_d"])
    XCTAssertEqual(status, 0, output)
    let map = """
          map $http_origin $origin {
              default foreign;
              "https://a-b.c_d" "https://a-b.c_d";
              "http://[::1]:3000" "http://[::1]:3000";
          }
      """
    XCTAssertTrue(output.contains(map), output)
  }

  func testTheGuardIsOffUntilAnApplicationIsNamed() throws {
    let (_, off) = try run("nginx-conf", [:])
    XCTAssertFalse(off.matches("\n *[^#\n]*(auth_request|proxy_pass) "))
    let (status, output) = try run(
      "nginx-conf",
      [
        "POSTERN_GUARDED_APPLICATION": "app-1.example:3000", "POSTERN_GUARDED_PATH": "/a/b_c/",
        "POSTERN_GUARDED_GROUPS": "ops, night-watch",
      ])
    XCTAssertEqual(status, 0, output)
    XCTAssertFalse(output.matches("\n *#guard "))
    for line in [
      "location /a/b_c/ {", "proxy_pass http://app-1.example:3000;", "auth_request /.guard;",
      #"set $guard_groups "?group=ops&group=night-watch";"#,
    ] { XCTAssertTrue(output.contains(line), line) }
    // By hand it is turned on by the command that stands there.
    let file = "\(Repository.folder)/nginx.conf"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let quoted = try XCTUnwrap(
      text.range(of: "sed -i '.*' nginx.conf", options: .regularExpression))
    let command = text[quoted].replacingOccurrences(of: "-i ", with: "")
      .replacingOccurrences(of: " nginx.conf", with: " \(file)")
    let sed = try ChildProcess("/bin/sh", ["-c", command], log: "\(folder)/sed", isFresh: true)
    XCTAssertEqual(try sed.waitForEnd(), 0)
    XCTAssertEqual(
      sed.log.split(separator: "\n").count, output.split(separator: "\n").count)
    XCTAssertFalse(sed.log.matches("\n *#guard "))
  }

  /// Else a guarded application would be asked for them.
  func testNoFileOfThePagesIsWhereTheGuardedApplicationIs() throws {
    let text = try String(contentsOfFile: "\(Repository.folder)/nginx.conf", encoding: .utf8)
    XCTAssertTrue(text.contains("#guard location /app/ {"))
    let files = try FileManager.default.subpathsOfDirectory(atPath: "\(Repository.folder)/Public")
    XCTAssertEqual(files.filter { $0.hasPrefix("app/") }, [])
  }

  /// One that no longer applies proves nothing.
  func testEachMutantStillAppliesToTheSources() throws {
    let check = try ChildProcess(
      "\(Repository.folder)/script/mutate", ["--check"], log: "\(folder)/log", isFresh: true)
    XCTAssertEqual(try check.waitForEnd(), 0, check.log)
    XCTAssertTrue(check.log.contains(" mutants, 0 no longer apply"), check.log)
  }

  func testThePartsForOtherServersAreMadeOfNginxConfAsItIs() throws {
    let check = try ChildProcess(
      "\(Repository.folder)/script/nginx-parts", ["--check"], log: "\(folder)/log", isFresh: true)
    XCTAssertEqual(try check.waitForEnd(), 0, check.log)
  }

  /// Where others have maps and zones of the same names, one of them would silently be lost.
  func testNamesInThePartsAreOursAlone() throws {
    let text = try String(
      contentsOfFile: "\(Repository.folder)/Deploy/nginx/postern/http.conf", encoding: .utf8)
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      switch words.first {
      case "map": XCTAssertTrue(String(line).matches(#" \$(postern|guard)(_\w+)? \{$"#), "\(line)")
      case "limit_req_zone", "limit_conn_zone":
        XCTAssertTrue(line.contains(" zone=postern_"), "\(line)")
      case "upstream", "log_format": XCTAssertEqual(words[1], "postern")
      default: XCTAssertFalse(String(line).matches(#"^[a-z]"#), "\(line)")
      }
      XCTAssertFalse(String(line).matches(#"\(\?<(?!postern_|guard_|=|!)"#), "\(line)")
    }
  }

  func testWhatNginxConfCannotHoldOfAGuardedApplicationIsRefused() throws {
    let wrong = [
      (
        "APPLICATION", ["x", "x:", "x:1;", "x:1/", "http://x:1", "$x:1", "x:1 y"],
        "the application "
      ),
      ("PATH", ["/", "a/", "/a", "//", "/a//", "/../", "/a b/", "/$a/", "/a;/"], "the path "),
      ("GROUPS", ["a&b", "a b,c d\"", "$a", "é"], "the group "),
    ]
    for (name, values, what) in wrong {
      for value in values {
        var settings = ["POSTERN_GUARDED_APPLICATION": "localhost:3000"]
        settings["POSTERN_GUARDED_\(name)"] = value
        let (status, output) = try run("nginx-conf", settings)
        XCTAssertEqual(status, 1, value)
        XCTAssertTrue(output.hasPrefix("nginx.conf cannot hold \(what)"), output)
      }
    }
  }

  func testQ4_withoutTheThrottleNginxHasNoLimitOfClients() throws {
    func limits(_ isThrottled: String) throws -> Set<String> {
      let (status, output) = try run("nginx-conf", ["POSTERN_THROTTLE_ENABLED": isThrottled])
      XCTAssertEqual(status, 0, output)
      let words = output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
      return Set(words.map(String.init).filter { ["limit_conn", "limit_req"].contains($0) })
    }
    XCTAssertEqual(try limits("true"), ["limit_conn", "limit_req"])
    XCTAssertEqual(try limits("false"), [])
  }

  func testQ4_whereFewerFilesMayBeOpenNginxHasFewerConnections() throws {
    let child = try ChildProcess(
      "/bin/sh", ["-c", "ulimit -n 500; \(Repository.folder)/script/nginx-conf"],
      log: "\(folder)/log", isFresh: true)
    XCTAssertEqual(try child.waitForEnd(), 0)
    XCTAssertTrue(child.log.contains("\nworker_rlimit_nofile 500;"), child.log)
    XCTAssertTrue(child.log.contains(" worker_connections 200;"), child.log)
  }

  func testM8_aSwiftThatIsTooOldOrMissingIsRefusedAndNothingIsBuilt() throws {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for (version, found) in [("5.10.1", "5.10.1"), ("6.1.3", "6.1.3"), ("", "none")] {
      let swift = "\(folder)/swift"
      try "#!/bin/sh\necho 'Swift version \(version) (swift-RELEASE)'\n"
        .write(toFile: swift, atomically: true, encoding: .utf8)
      chmod(swift, 0o700)
      let (status, output) = try run("build", ["PATH": "\(folder):\(path)"])
      XCTAssertEqual(status, 1, version)
      XCTAssertEqual(
        output,
        "Postern needs Swift 6.2 or newer, found \(found): https://www.swift.org/install/linux/\n")
    }
  }
}

extension String {
  fileprivate func matches(_ pattern: String) -> Bool {
    range(of: pattern, options: .regularExpression) != nil
  }
}
