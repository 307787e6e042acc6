import Foundation
import XCTest

/// What nginx serves itself, and what all answers carry.
final class StaticPageTests: EndToEndTestCase {
  private static let paths = ["/", "/sign-in", "/profile", "/devices", "/password"]

  func testPage_everyPathOfThePageIsThePageWithItsSecurityHeaders() throws {
    let page = try site.ask(.get("/"))
    XCTAssertTrue(page.text.contains("<html"), page.text)
    for path in Self.paths {
      let answer = try site.ask(.get(path))
      XCTAssertEqual(answer.status, 200, path)
      XCTAssertEqual(answer["Content-Type"], "text/html; charset=utf-8", path)
      XCTAssertEqual(answer.body, page.body, path)
      let policy = answer["Content-Security-Policy"] ?? ""
      for part in ["default-src 'self'", "frame-ancestors 'none'", "object-src 'none'"] {
        XCTAssertTrue(policy.contains(part), "\(path): \(policy)")
      }
      XCTAssertEqual(answer["Cross-Origin-Opener-Policy"], "same-origin", path)
      XCTAssertEqual(answer["Referrer-Policy"], "no-referrer", path)
      XCTAssertEqual(answer["X-Content-Type-Options"], "nosniff", path)
    }
  }

  func testPage_aPostToAPathOfThePageReachesThePrograms() throws {
    for path in Self.paths {
      let answer = try site.ask(.post(path, json: [:]))
      XCTAssertNotEqual(answer.status, 200, path)
      XCTAssertFalse(answer.text.contains("<html"), path)
      XCTAssertEqual(answer["Cache-Control"], "no-store", path)
    }
  }

  func testPage_filesOutsideThePublicFolderAreNotServed() throws {
    for path in ["/../nginx.conf", "/..%2fnginx.conf", "/data/keys.json", "/.git/config"] {
      let status = try site.ask(.get(path)).status
      XCTAssertTrue([400, 404].contains(status), "\(path): \(status)")
    }
  }

  func testQ10_onlyWhatThePagesAreMadeOfIsServed() throws {
    let folder = "\(Repository.folder)/Public"
    var served = 0
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      let isOfThePages = ["css", "html", "js", "svg", "yaml"].contains { name.hasSuffix(".\($0)") }
      XCTAssertEqual(try site.ask(.get("/\(name)")).status, isOfThePages ? 200 : 404, name)
      served += isOfThePages ? 1 : 0
    }
    XCTAssertGreaterThan(served, 20)
    XCTAssertEqual(try site.ask(.get("/package.json")).said, "404 Not found")
    XCTAssertEqual(try site.ask(.get("/postern.d.ts")).said, "404 Not found")
  }

  func testTheDescriptionOfTheInterfaceIsServedAsYAML() throws {
    let answer = try site.ask(.get("/openapi.yaml"))
    XCTAssertEqual(answer.status, 200)
    XCTAssertEqual(answer["Content-Type"], "application/yaml")
    XCTAssertTrue(answer.text.hasPrefix("openapi: 3.1"), answer.text)
  }

  func testQ10_aPathThatOnlyBeginsAsAFileOrPageIsNone() throws {
    let paths = ["/app.js", "/sign-in", "/", "/pages/home.js"]
    for path in paths {
      for end in ["%0a", "%0d", "%0d%0a", "%0ax", "%20", "%09", "%2f", "%3f", ".", "~", ".d.ts"] {
        // These are other spellings of the same path.
        if path == "/" && ["%2f", "."].contains(end) { continue }
        XCTAssertEqual(try site.ask(.get(path + end)).said, "404 Not found", path + end)
      }
    }
    for path in ["/%0a/app.js", "/x%0a/app.js", "/%0aapp.js", "/.js", "/pages/.js"] {
      XCTAssertEqual(try site.ask(.get(path)).said, "404 Not found", path)
    }
  }

  /// A `$` in a pattern matches before a newline at the end, too.
  func testQ10_patternsOfNginxConfEndWhereTheTextEnds() throws {
    let text = try String(contentsOfFile: "\(Repository.folder)/nginx.conf", encoding: .utf8)
    let patterns = text.split(separator: "\n").filter { $0.contains("\"~") || $0.contains("'~") }
    XCTAssertGreaterThan(patterns.count, 8)
    for line in patterns {
      for end in ["$\"", "$'", "$)", "$|"] { XCTAssertFalse(line.contains(end), "\(line)") }
    }
  }

  func testQ11_everyAnswerHasEachHeaderOnce() throws {
    let token = try site.login("alice").accessToken
    var tooLarge = HTTPCall.login("alice")
    tooLarge.body = [UInt8](repeating: 32, count: 20_000)
    let calls: [(HTTPCall, Int)] = [
      (.get("/"), 200), (.get("/style.css"), 200), (.login("alice"), 200),
      (.get("/job-list", bearer: token), 200), (.get("/job-list"), 401),
      (.get("/current-user", bearer: "x"), 401), (.get("/nothing-here"), 404),
      (.get("/login"), 405), (.refresh("x"), 403), (tooLarge, 413),
      (.post("/login", json: [:]), 400), (.get("/").with("Referer", "\u{1}"), 400),
      (.get("/").with("X-Long", String(repeating: "x", count: 9_000)), 400),
      (HTTPCall("TRACE", "/"), 405), (.get("/%00"), 400), (.get("/\u{E9}"), 404),
    ]
    for (call, status) in calls {
      let answer = try site.ask(call)
      XCTAssertEqual(answer.status, status, call.path)
      try assertHeadersOnce(answer, call.path)
    }
    let ids = try (0..<20).map { _ in try site.ask(.get("/job-list"))["X-Request-Id"] ?? "" }
    XCTAssertEqual(Set(ids).count, 20)
  }

  func testX8_whileTheProgramIsDownTheAnswerIs502AndSaysWhenToTryAgain() throws {
    let site = try makeInstallation()
    try site.start()
    let token = try site.login("alice").refreshToken
    site.postern?.stop()
    for call in [HTTPCall.refresh(token), .get("/job-list")] {
      let answer = try site.ask(call)
      XCTAssertEqual(answer.said, "502 The service is unavailable for the moment")
      XCTAssertEqual(answer["Content-Type"], "text/plain; charset=utf-8")
      XCTAssertEqual(answer["Retry-After"], "1")
      try assertHeadersOnce(answer, call.path)
    }
    XCTAssertEqual(try site.ask(.get("/")).status, 200)
    try site.startPostern()
    XCTAssertEqual(try site.ask(.refresh(token)).status, 200)
  }

  private func assertHeadersOnce(_ answer: HTTPAnswer, _ path: String) throws {
    let names = answer.headers.map { $0.name.lowercased() }
    XCTAssertEqual(names.sorted(), Set(names).sorted(), path)
    XCTAssertEqual(answer["X-Content-Type-Options"], "nosniff", path)
    XCTAssertEqual(answer["Cross-Origin-Resource-Policy"], "same-origin", path)
    let denied = answer["Permissions-Policy"] ?? ""
    for feature in ["camera", "geolocation", "microphone", "payment"] {
      XCTAssertTrue(denied.contains("\(feature)=()"), "\(path): \(denied)")
    }
    XCTAssertFalse((answer["X-Request-Id"] ?? "").isEmpty, path)
    XCTAssertEqual(answer["Server"], "nginx", path)
  }
}
