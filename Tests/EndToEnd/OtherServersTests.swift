import Foundation
import XCTest

/// The other web servers of README.md, set up by the very lines that stand there.
final class OtherServersTests: XCTestCase {
  private let installation = Result { try Installation() }

  override func tearDownWithError() throws {
    let installation = try installation.get()
    installation.stop()
    installation.remove()
  }

  func testLighttpdServesByTheLinesOfTheReadme() throws {
    let installation = try installation.get()
    try installation.startPostern()
    let port = try freePort()
    let file = try configuration(
      """
      server.document-root = "\(Repository.folder)/Public"
      server.bind = "127.0.0.1"
      server.port = \(port)
      """, "lighttpd")
    let server = try ChildProcess(
      "/usr/sbin/lighttpd", ["-D", "-f", file], log: "\(installation.run)/lighttpd.log")
    defer { server.stop() }
    try checkMainFlow(port)
  }

  /// C8: without `CGIPassAuth` no access token would arrive.
  func testC8_apacheServesByTheLinesOfTheReadme() throws {
    let installation = try installation.get()
    try installation.startPostern()
    let port = try freePort()
    let modules = "/usr/lib/apache2/modules"
    let file = try configuration(
      """
      ServerName localhost
      ServerRoot \(installation.run)
      Listen 127.0.0.1:\(port)
      PidFile \(installation.run)/apache.pid
      ErrorLog \(installation.run)/apache.log
      User www-data
      Group \(getgid() == 0 ? "root" : "www-data")
      LoadModule mpm_event_module \(modules)/mod_mpm_event.so
      LoadModule authz_core_module \(modules)/mod_authz_core.so
      LoadModule dir_module \(modules)/mod_dir.so
      LoadModule mime_module \(modules)/mod_mime.so
      TypesConfig /etc/mime.types
      DocumentRoot \(Repository.folder)/Public
      """, "apache")
    let server = try ChildProcess(
      "/usr/sbin/apache2", ["-f", file, "-D", "FOREGROUND"],
      log: "\(installation.run)/apache-start.log")
    defer { server.stop() }
    try checkMainFlow(port)
  }

  /// The lines between the fences of this name, with the socket of this installation.
  private func configuration(_ head: String, _ fence: String) throws -> String {
    let installation = try installation.get()
    let lines = try Repository.lines(of: "README.md", in: fence)
      .replacingOccurrences(of: "/run/postern/postern.sock", with: installation.socketPath)
    let file = "\(installation.run)/\(fence).conf"
    try "\(head)\n\(lines)".write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }

  private func curl(
    _ port: UInt16, _ path: String, _ options: [String] = []
  ) throws -> Curl {
    try Curl("http://127.0.0.1:\(port)\(path)", options, folder: installation.get().run)
  }

  private func checkMainFlow(_ port: UInt16) throws {
    XCTAssertTrue(eventually(within: 10) { (try? curl(port, "/current-user").status) == 401 })
    let json = ["-H", "Content-Type: application/json", "-d"]
    let login = try curl(
      port, "/login", json + [#"{"username":"alice","password":"postern-demo"}"#])
    XCTAssertEqual(login.status, 200)
    let access = try XCTUnwrap(login.json["accessToken"] as? String)
    let jobs = try curl(port, "/job-list", ["-H", "Authorization: Bearer \(access)"])
    XCTAssertEqual(jobs.status, 200)
    let refresh = try XCTUnwrap(login.json["refreshToken"] as? String)
    let refreshed = try curl(port, "/refresh-token", json + [#"{"refreshToken":"\#(refresh)"}"#])
    XCTAssertEqual(refreshed.status, 200)
    XCTAssertEqual(try curl(port, "/password", json + ["{}"]).status, 401)
    XCTAssertEqual(try curl(port, "/nothing").status, 404)
    for page in ["/", "/sign-in", "/password", "/app.js", "/pages/home.js", "/style.css"] {
      XCTAssertEqual(try curl(port, page).status, 200, page)
    }
  }
}
