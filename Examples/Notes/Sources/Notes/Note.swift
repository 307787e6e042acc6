import DocumentStore
import FoundationEssentials

/// A note, as it is kept and as clients see it.
struct Note: Codable, Equatable {
  let id: String
  let text: String
  let due: Date?
  let createdAt: Date
}

/// All notes of one user, under the user's id.
struct Notes: Document {
  static let collection = "notes"

  var notes: [Note] = []
}

/// What a client sends to make a note.
struct NewNote: Decodable {
  let text: String
  let due: Date?
}
