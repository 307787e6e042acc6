import Foundation
import XCTest

/// Bodies that hold FastCGI records: what is left of a body on a kept connection must never be
/// taken for the next request.
final class RequestSmugglingTests: EndToEndTestCase {
  private static let open = ["client_max_body_size 16k": "client_max_body_size 0"]

  override class var setup: Installation.Setup? { .init(nginxChanges: open) }

  func testA6_recordsInARefusedBodyAreNeverTakenForRequests() throws {
    for size in [8_000, 15_000, 32_000, 64_000, 200_000, 1_000_000] {
      for type in ["application/json", "text/plain"] {
        let call = smuggler(size: size, shift: 0, type: type)
        let connection = try HTTPConnection(port: site.port)
        let expected = call.body.count > 16 * 1024 ? 413 : type == "text/plain" ? 415 : 400
        XCTAssertEqual(try connection.ask(call).status, expected, "\(size) \(type)")
        try assertUnharmed(site, connection)
      }
    }
    try assertNobodySignedIn(site)
  }

  /// Wherever the reading might begin anew, with one of the shifts a request begins right there.
  func testA6_norAreTheyAtAnyOtherPlaceOfTheBody() throws {
    for shift in stride(from: 0, to: FastCGIRecords.unit, by: 8) {
      let connection = try HTTPConnection(port: site.port)
      let call = smuggler(size: 40_000, shift: shift, type: "application/json")
      XCTAssertEqual(try connection.ask(call).status, 413)
      try assertUnharmed(site, connection)
    }
    try assertNobodySignedIn(site)
  }

  /// So much is not read to its end: the program closes the connection, and nginx may find it
  /// closed before it finds the answer.
  func testA6_afterABodyOfMegabytesOtherRequestsAreUnharmed() throws {
    for shift in 0..<8 {
      let connection = try HTTPConnection(port: site.port)
      let answer = try connection.ask(
        smuggler(size: 4 << 20, shift: shift, type: "application/json"))
      XCTAssertTrue([413, 502].contains(answer.status), answer.said)
      try assertUnharmed(site, connection)
    }
    try assertNobodySignedIn(site)
  }

  func testA6_throughTheLimitOfNginxThereIsExactlyOneAnswer413() throws {
    let site = try makeInstallation()
    try site.start()
    for size in [32_000, 200_000] {
      let connection = try HTTPConnection(port: site.port)
      let answer = try connection.ask(smuggler(size: size, shift: 0, type: "application/json"))
      XCTAssertEqual(answer.status, 413)
      try assertUnharmed(site, connection)
    }
    try assertNobodySignedIn(site)
  }

  private func smuggler(size: Int, shift: Int, type: String) -> HTTPCall {
    var call = HTTPCall("POST", "/login").with("Content-Type", type)
    call.body = FastCGIRecords.signIns(size: size, shift: shift)
    return call
  }

  /// Whoever asks next, on this connection and on the ones that nginx has kept, gets the answer to
  /// their own question.
  private func assertUnharmed(_ site: Installation, _ connection: HTTPConnection) throws {
    if let next = try? connection.ask(.get("/current-user")) { XCTAssertEqual(next.status, 401) }
    let answers = try site.askAtOnce(Array(repeating: .get("/current-user"), count: 10))
    XCTAssertEqual(Set(answers.map(\.status)), [401])
  }

  private func assertNobodySignedIn(_ site: Installation) throws {
    XCTAssertFalse(FileManager.default.fileExists(atPath: "\(site.data)/tokens"))
    XCTAssertFalse(site.logs.contains("signed in"))
  }
}
