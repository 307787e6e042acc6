import Dispatch
import DocumentStore
import Glibc
import HandlerKit
import Postern

/// Handlers that never answer, each in its own way, and one that does.
struct StuckModule: ServiceModule {
  static let name = "stuck"
  static let documents: [any Document.Type] = [Mark.self]

  private let store: any DocumentStore

  init(_ services: Services) throws { store = services.documents }

  var routes: [Route] {
    Route(.get, "/stuck/loop/{secret}") { _ in
      while true {}
    }
    Route(.get, "/stuck/deadlock") { _ in
      DispatchSemaphore(value: 0).wait()
      return .text("never")
    }
    // As an fsync that does not return: the lock of the document is held.
    Route(.get, "/stuck/lock") { _ in
      try store.update(Mark.self, "mark") { _ in while true { sleep(1_000) } }
      return .text("never")
    }
    Route(.get, "/mark") { _ in
      try store.update(Mark.self, "mark") { $0 = Mark(number: ($0?.number ?? 0) + 1) }
      return .text("marked")
    }
    Route(.get, "/slow") { _ in
      sleep(1)
      return .text("slow")
    }
    Route(.get, "/process") { _ in .text("\(getpid())") }
  }
}

struct Mark: Document {
  static let collection = "marks"
  var number: Int
}

Postern.run(modules: Postern.standardModules + [StuckModule.self])
