import Foundation
import Synchronization
import TestSupport
import XCTest

/// More requests than workers and the socket's backlog take.
final class BacklogTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testH11_ofAThousandRequestsThoseThatFindNoPlaceAreRefusedAtOnceAndTheOthersAnswered() throws
  {
    let site = try makeInstallation()
    try site.start()
    var connections: [HTTPConnection] = []
    var refused = 0
    try site.withStoppedWorkers {
      // nginx takes 400 of one address.
      for number in 0..<1_000 {
        let connection = try HTTPConnection(port: site.port, from: UInt32(2 + number / 300))
        try connection.send(HTTPCall.get("/password-policy").bytes(keepAlive: false))
        connections.append(connection)
      }
      // Refused while no worker does anything: nobody waits for a time limit.
      XCTAssertTrue(
        eventually(within: 10) { connections.filter(\.isReadable).count >= 300 },
        "\(connections.filter(\.isReadable).count)\n\(site.logs)")
      refused = connections.filter(\.isReadable).count
    }
    let answers = try connections.map { try $0.receive() }
    let counts = Dictionary(grouping: answers, by: \.status).mapValues(\.count)
    print("a thousand requests: \(counts), \(refused) refused at once")
    XCTAssertEqual(Set(counts.keys), [200, 502], "\(counts)")
    XCTAssertGreaterThanOrEqual(counts[200] ?? 0, 500)
    for answer in answers where answer.status == 502 { XCTAssertNotNil(answer["Retry-After"]) }
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }
}
