import Foundation
import XCTest

/// `nginx.conf` as others judge it.
final class NginxConfigurationTests: EndToEndTestCase {
  /// What gixy says and is not followed: `try_files` without a cache of open files, which would keep
  /// an old page after an upgrade.
  private static let accepted = "try_files_is_evil_too"
  /// And of a guarded application: it gets the `Host` that the browser has, with the port, and none of
  /// our headers are added to its answers.
  private static let acceptedOfGuard = "\(accepted),host_spoofing,add_header_redefinition"

  override class var setup: Installation.Setup? { nil }

  func testX4_X5_gixyFindsNothing() throws {
    let gixy = try gixy()
    let tls = try String(
      contentsOfFile: "\(Repository.folder)/Docs/cookbook/tls.md", encoding: .utf8)
    XCTAssertTrue(tls.contains("ssl_protocols"))
    for (application, skipped) in [
      (nil, Self.accepted), ("127.0.0.1:3000", Self.acceptedOfGuard),
    ] as [(String?, String)] {
      let site = try makeInstallation(.init(hasDemo: false, guardedApplication: application))
      let whole = try site.nginxConfiguration(port: 8_080)
      let overTLS = try whole.replacing([
        "listen 127.0.0.1:8080 backlog=4096;": Repository.lines(
          of: "Docs/cookbook/tls.md", in: "nginx")
      ])
      for configuration in [whole, overTLS] {
        let file = "\(site.run)/gixy.conf"
        try configuration.write(toFile: file, atomically: true, encoding: .utf8)
        let (status, output) = try runProgram(
          [gixy, "--skips", skipped, file], in: site.run)
        XCTAssertEqual(status, 0, output)
        XCTAssertTrue(output.contains("No issues found."), output)
      }
      // It does find what is wrong.
      let wrong = try whole.replacing([
        "expires -1;\n            try_files $file $postern;":
          "add_header X-Echo $arg_x;\n            return 302 https://example.com$uri;"
      ])
      try wrong.write(toFile: "\(site.run)/wrong.conf", atomically: true, encoding: .utf8)
      let (_, output) = try runProgram([gixy, "\(site.run)/wrong.conf"], in: site.run)
      XCTAssertTrue(output.contains("http_splitting"), output)
    }
  }

  func testX13_nothingInNginxKeepsAnswers() throws {
    let text = try String(contentsOfFile: "\(Repository.folder)/nginx.conf", encoding: .utf8)
    for directive in [
      "fastcgi_cache", "proxy_cache", "proxy_store", "fastcgi_store", "slice", "memcached",
    ] {
      XCTAssertFalse(text.contains(directive), directive)
    }
    let site = try makeInstallation()
    try site.start()
    let tokens = try ["alice", "bob"].map { ($0, try site.login($0).accessToken) }
    let connection = try HTTPConnection(port: site.port)
    for path in ["/current-user", "/job-list", "/sessions", "/verify", "/.well-known/jwks.json"] {
      var bodies: Set<String> = []
      for _ in 0..<3 {
        for (name, token) in tokens {
          let call = HTTPCall.get(path, bearer: token)
            .with("If-None-Match", "*").with("If-Modified-Since", "Tue, 01 Jan 2999 00:00:00 GMT")
          let answer = try connection.ask(call)
          XCTAssertEqual(answer.status, path == "/verify" ? 204 : 200, path)
          if path == "/current-user" { XCTAssertEqual(answer.json["username"] as? String, name) }
          XCTAssertNil(answer["ETag"], path)
          XCTAssertNil(answer["Last-Modified"], path)
          XCTAssertNil(answer["Age"], path)
          if !path.hasPrefix("/.well-known") {
            XCTAssertEqual(answer["Cache-Control"], "no-store", path)
          }
          bodies.insert("\(name) \(answer.text)")
        }
      }
      XCTAssertEqual(bodies.count, 2, path)
    }
    XCTAssertEqual(try site.ask(.login("alice"))["Cache-Control"], "no-store")
    XCTAssertEqual(try site.ask(.refresh("x"))["Cache-Control"], "no-store")
  }

  /// Where the test run has its packages from PyPI.
  private func gixy() throws -> String {
    let python = ProcessInfo.processInfo.environment["POSTERN_PYTHON"] ?? ""
    let path = URL(fileURLWithPath: python).deletingLastPathComponent()
      .appendingPathComponent("gixy").path
    guard !python.isEmpty, FileManager.default.isExecutableFile(atPath: path) else {
      throw Trouble("gixy is not beside POSTERN_PYTHON; script/test does that")
    }
    return path
  }
}
