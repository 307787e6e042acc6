import Foundation
import HandlerKit
import PosternTesting
import XCTest

@testable import Notes

final class NotesTests: XCTestCase {
  private func service(limit: Int = 100) async throws -> TestService {
    try await TestService(
      modules: [NotesModule.self], settings: ["notes.limit": .number(limit)])
  }

  private func add(
    _ text: String, _ service: TestService, _ bearer: String
  ) async throws -> Note {
    let response = await service.respond(
      to: .make(.post, "/notes", json: ["text": text], bearer: bearer))
    XCTAssertEqual(response.status, .created, response.text)
    return try response.decode(Note.self)
  }

  private func texts(
    _ service: TestService, _ bearer: String, query: String = ""
  ) async throws -> [String] {
    let response = await service.respond(
      to: .make(.get, "/notes", query: query, bearer: bearer))
    return try response.decode([Note].self).map(\.text)
  }

  func testEachUserHasTheirOwnNotes() async throws {
    let service = try await service()
    let alice = try await service.signedIn(as: "alice")
    let bob = try await service.signedIn(as: "bob")
    let note = try await add("buy milk", service, alice)
    let alices = try await texts(service, alice)
    XCTAssertEqual(alices, ["buy milk"])
    let bobs = try await texts(service, bob)
    XCTAssertEqual(bobs, [])
    for method in [
      Request.make(.get, "/notes/\(note.id)", bearer: bob),
      .make(.delete, "/notes/\(note.id)", bearer: bob),
    ] {
      let response = await service.respond(to: method)
      XCTAssertEqual(response.status, .notFound)
    }
  }

  func testNoteIsMadeShownAndRemoved() async throws {
    let service = try await service()
    let alice = try await service.signedIn(as: "alice")
    let made = await service.respond(
      to: .make(
        .post, "/notes", json: ["text": "é", "due": "2027-02-01T09:30:00Z"], bearer: alice))
    XCTAssertEqual(made.json["due"] as? String, "2027-02-01T09:30:00Z")
    XCTAssertEqual(made.json["createdAt"] as? String, "2027-01-15T08:00:00Z")
    let note = try made.decode(Note.self)
    let shown = await service.respond(to: .make(.get, "/notes/\(note.id)", bearer: alice))
    XCTAssertEqual(shown.body, made.body)
    for status in [204, 404] {
      let removed = await service.respond(to: .make(.delete, "/notes/\(note.id)", bearer: alice))
      XCTAssertEqual(removed.status.code, status)
    }
    let left = try await texts(service, alice)
    XCTAssertEqual(left, [])
  }

  func testQueryPicksNotesWithAWord() async throws {
    let service = try await service()
    let alice = try await service.signedIn(as: "alice")
    for text in ["buy milk", "buy bread", "sleep"] { _ = try await add(text, service, alice) }
    let found = try await texts(service, alice, query: "word=buy+b")
    XCTAssertEqual(found, ["buy bread"])
  }

  func testLimitIsASettingAndHolds() async throws {
    let service = try await service(limit: 2)
    let alice = try await service.signedIn(as: "alice")
    for text in ["1", "2"] { _ = try await add(text, service, alice) }
    let response = await service.respond(
      to: .make(.post, "/notes", json: ["text": "3"], bearer: alice))
    XCTAssertEqual(response.status, .conflict)
    XCTAssertEqual(response.text, "You have too many notes")
  }

  func testLimitOutOfRangeStopsTheStart() async throws {
    for limit in [0, 201] {
      do {
        _ = try await service(limit: limit)
        XCTFail("started with \(limit)")
      } catch {
        XCTAssertEqual("\(error)", "notes.limit must be a whole number from 1 to 200")
      }
    }
  }

  func testWhatIsNoNoteIs400() async throws {
    let service = try await service()
    let alice = try await service.signedIn(as: "alice")
    let bodies: [[String: Any]] = [
      [:], ["text": 1], ["text": ["a"]], ["text": ""], ["text": "a", "due": "tomorrow"],
      ["text": String(repeating: "x", count: 4_001)],
    ]
    for body in bodies {
      let response = await service.respond(
        to: .make(.post, "/notes", json: body, bearer: alice))
      XCTAssertEqual(response.status, .badRequest, response.text)
    }
  }

  func testNobodySeesNotesWithoutSigningIn() async throws {
    let service = try await service()
    for request in [
      Request.make(.get, "/notes"), .make(.post, "/notes", json: ["text": "a"]),
      .make(.get, "/notes/1"), .make(.delete, "/notes/1"),
    ] {
      let response = await service.respond(to: request)
      XCTAssertEqual(response.status, .unauthorized)
    }
  }
}
