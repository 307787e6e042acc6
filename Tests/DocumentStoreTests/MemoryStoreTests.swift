import DocumentStore
import DocumentStoreConformance
import MemoryDocumentStore
import XCTest

final class MemoryStoreTests: XCTestCase {
  private struct Note: Document {
    static let collection = "notes"
    var count = 0
  }

  func testMemoryStoreConforms() {
    DocumentStoreConformance.run { MemoryDocumentStore() }
  }

  func testMemoryStoreThatRepeatsChangesConforms() {
    DocumentStoreConformance.run { MemoryDocumentStore(repeatsChanges: true) }
  }

  func testChangeWithSideEffectsShowsWhereChangesAreRepeated() throws {
    let store = MemoryDocumentStore(repeatsChanges: true)
    var runs = 0
    try store.update(Note.self, "a") { note in
      runs += 1
      note = Note(count: (note?.count ?? 0) + 1)
    }
    XCTAssertEqual(runs, 2)
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 1)
  }

  func testChangeRunsAgainOnWhatAnotherHasWrittenMeanwhile() throws {
    let store = MemoryDocumentStore()
    var seen: [Int?] = []
    try store.update(Note.self, "a") { note in
      seen.append(note?.count)
      if seen.count == 1 {
        Thread.runToEnd { _ = try? store.update(Note.self, "a") { $0 = Note(count: 10) } }
      }
      note = Note(count: (note?.count ?? 0) + 1)
    }
    XCTAssertEqual(seen, [nil, 10])
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 11)
  }

  func testChangeThatNeverComesFirstIsBusy() throws {
    let store = MemoryDocumentStore(timeout: .zero)
    XCTAssertThrowsError(
      try store.update(Note.self, "a") { note in
        Thread.runToEnd { _ = try? store.update(Note.self, "a") { $0 = Note(count: 10) } }
        note = Note()
      }
    ) {
      guard case DocumentStoreError.busy = $0 else { return XCTFail("\($0)") }
    }
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 10)
  }
}

extension Thread {
  /// Another thread, and so no part of the update that waits for it.
  fileprivate static func runToEnd(_ body: @escaping @Sendable () -> Void) {
    let end = DispatchSemaphore(value: 0)
    detachNewThread {
      body()
      end.signal()
    }
    end.wait()
  }
}
