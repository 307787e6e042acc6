import DocumentStore
import FoundationEssentials
import HandlerKit
import Postern

/// Notes of each user: `GET /notes`, `POST /notes`, `GET /notes/{id}`, `DELETE /notes/{id}`.
struct NotesModule: ServiceModule {
  static let name = "notes"
  static let settings = [Setting("notes.limit", 100, "notes that a user may keep")]
  static let documents: [any Document.Type] = [Notes.self]

  let limit: Int
  let store: any DocumentStore
  let bearer: BearerAuthenticator

  /// In bytes of UTF-8: a document is limited too.
  static let longestText = 4_000

  init(_ services: Services) throws {
    limit = try services.settings.number("notes.limit", in: 1...200)
    store = services.documents
    bearer = services.bearer
  }

  var routes: [Route] {
    Route(.get, "/notes", for: bearer) { request, caller in
      let notes = try notes(of: caller.sub)
      guard let word = try request.queryParameters["word"] else { return try .json(notes) }
      return try .json(notes.filter { $0.text.contains(word) })
    }
    Route(.post, "/notes", for: bearer) { request, caller in
      try add(request.decode(NewNote.self), for: caller.sub, at: request.time)
    }
    Route(.get, "/notes/{id}", for: bearer) { request, caller in
      let id = request.pathParameters["id"]
      guard let note = try notes(of: caller.sub).first(where: { $0.id == id }) else {
        throw HTTPError.notFound
      }
      return try .json(note)
    }
    Route(.delete, "/notes/{id}", for: bearer) { request, caller in
      try remove(request.pathParameters["id"], of: caller.sub)
      return Response(status: .noContent)
    }
  }

  private func notes(of user: String) throws -> [Note] {
    try store.read(Notes.self, user)?.notes ?? []
  }

  private func add(_ new: NewNote, for user: String, at time: Date) throws -> Response {
    guard !new.text.isEmpty, new.text.utf8.count <= Self.longestText else {
      throw HTTPError.badRequest("A note has 1 to \(Self.longestText) bytes")
    }
    let note = Note(id: UUID().uuidString, text: new.text, due: new.due, createdAt: time)
    // Nobody else changes this user's notes meanwhile, in whatever process, so the limit holds.
    try store.update(Notes.self, user) { document in
      var notes = document ?? Notes()
      guard notes.notes.count < limit else { throw HTTPError.tooManyNotes }
      notes.notes.append(note)
      document = notes
    }
    return try .json(note, status: .created)
  }

  private func remove(_ id: String?, of user: String) throws {
    try store.update(Notes.self, user) { document in
      guard var notes = document, let index = notes.notes.firstIndex(where: { $0.id == id })
      else { throw HTTPError.notFound }
      notes.notes.remove(at: index)
      document = notes.notes.isEmpty ? nil : notes
    }
  }
}

extension HTTPError {
  fileprivate static let tooManyNotes = HTTPError(
    .conflict, code: "too_many_notes", message: "You have too many notes")
}
