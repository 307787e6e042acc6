import HTTPTypes
import HandlerKit
import TestSupport
import XCTest

final class RouteTests: XCTestCase {
  private struct Doorkeeper: Authenticator {
    func authenticate(_ request: Request) async throws -> String {
      guard let name = request.headers[.authorization] else {
        throw HTTPError(.unauthorized, code: "invalid_token", message: "Token is invalid")
      }
      return name
    }
  }

  func testProtectedRouteIsForThoseWhoAreAdmitted() async throws {
    let module = SampleModule {
      Route(.get, "/me", for: Doorkeeper()) { _, name in .text(name) }
    }
    let router = try Router([module], logger: RecordingLog().logger)
    let refused = await router.respond(to: .make(.get, "/me"))
    XCTAssertEqual(refused.status, .unauthorized)
    XCTAssertEqual(refused.text, "Token is invalid")
    let admitted = await router.respond(to: .make(.get, "/me", headers: [.authorization: "ann"]))
    XCTAssertEqual(admitted.text, "ann")
  }

  func testRoutesMayDependOnConditions() {
    func paths(_ isOn: Bool) -> [String] {
      SampleModule {
        if isOn { Route(.get, "/optional") { _ in .text("") } }
        if isOn {
          Route(.get, "/first") { _ in .text("") }
        } else {
          Route(.get, "/second") { _ in .text("") }
        }
        [Route(.get, "/list") { _ in .text("") }]
      }.routes.map(\.path)
    }
    XCTAssertEqual(paths(true), ["/optional", "/first", "/list"])
    XCTAssertEqual(paths(false), ["/second", "/list"])
  }
}
