import Dispatch
import DocumentStore
import Foundation
import Glibc
import Synchronization
import TestSupport
import XCTest

@testable import FileDocumentStore

/// Changes of one document that threads of one process ask for while its lock is taken.
final class BatchTests: StoreTestCase {
  private let group = DispatchGroup()
  private let failures = Failures()

  /// Takes the lock of the document `a`, asks for changes on threads of their own, each when the
  /// one before has joined, and returns when all of these have their outcomes.
  private func changes(
    _ count: Int, of store: FileDocumentStore,
    _ change: @escaping @Sendable (Int, inout Note?) throws -> Void
  ) throws {
    let layout = try FileLayout(collection: Note.collection, key: "a")
    XCTAssertTrue(store.turns.take(layout.folder, until: .now + .seconds(30)))
    for number in 0..<count {
      group.enter()
      Thread.detachNewThread { [group, failures] in
        do {
          try store.update(Note.self, "a") { try change(number, &$0) }
        } catch {
          failures.all.withLock { $0[number] = error as? DocumentStoreError ?? .invalidKey }
        }
        group.leave()
      }
      for _ in 0..<5_000 where store.batches.count(of: Note.self, layout.path) != number + 1 {
        usleep(1_000)
      }
      XCTAssertEqual(store.batches.count(of: Note.self, layout.path), number + 1)
    }
    store.turns.giveBack(layout.folder)
    group.wait()
    XCTAssertEqual(store.batches.count(of: Note.self, layout.path), 0, "nothing is left behind")
  }

  func testOneThreadMakesThemAllInTheOrderInWhichTheyWereAskedFor() throws {
    let store = try store(holding: "a")
    let threads = Mutex<Set<UInt>>([])
    try changes(8, of: store) { number, note in
      threads.withLock { _ = $0.insert(UInt(pthread_self())) }
      note?.text += "\(number)"
    }
    XCTAssertEqual(threads.withLock { $0.count }, 1)
    for store in [store, try self.store()] {
      XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a01234567"))
    }
    XCTAssertTrue(failures.all.withLock { $0.isEmpty })
  }

  func testChangeThatThrowsLeavesTheDocumentToTheNextAsItWasAndFailsAlone() throws {
    let store = try store(holding: "a")
    try changes(4, of: store) { number, note in
      note?.text += "\(number)"
      if number % 2 == 0 { throw DocumentStoreError.invalidKey }
    }
    XCTAssertEqual(try store.read(Note.self, "a"), Note(text: "a13"))
    XCTAssertEqual(failures.all.withLock { $0 }, [0: .invalidKey, 2: .invalidKey])
  }

  func testChangeThatCannotBeWrittenFailsAlone() throws {
    let store = try store(holding: "a")
    try changes(4, of: store) { number, note in
      note?.text +=
        number == 1 ? String(repeating: "x", count: DocumentCoder.sizeLimit) : "\(number)"
    }
    XCTAssertEqual(Set(try XCTUnwrap(store.read(Note.self, "a")).text), Set("a023"))
    XCTAssertEqual(failures.all.withLock { $0.keys.sorted() }, [1])
  }

  func testChangesThatAreNestedAreMadeByTheirOwnThreads() throws {
    struct Outer: Document {
      static let collection = "outers"
      var count = 0
    }
    let store = try store(holding: "a")
    let layout = try FileLayout(collection: Note.collection, key: "a")
    XCTAssertTrue(store.turns.take(layout.folder, until: .now + .seconds(30)))
    for number in 0..<4 {
      group.enter()
      Thread.detachNewThread { [group] in
        let thread = pthread_self()
        try? store.update(Outer.self, "\(number)") { outer in
          try store.update(Note.self, "a") {
            XCTAssertEqual(pthread_self(), thread)
            $0?.count += 1
          }
          outer = Outer()
        }
        group.leave()
      }
    }
    for _ in 0..<5_000 where store.turns.count(waitingFor: layout.folder) != 4 { usleep(1_000) }
    XCTAssertEqual(store.turns.count(waitingFor: layout.folder), 4)
    store.turns.giveBack(layout.folder)
    group.wait()
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 4)
  }

  func testThoseWhoCameLaterTryAgainWhereTheFirstHasWaitedForTooLong() throws {
    _ = try store(holding: "a")
    let store = try store(lockTimeout: .seconds(1))
    let layout = try FileLayout(collection: Note.collection, key: "a")
    XCTAssertTrue(store.turns.take(layout.folder, until: .now))
    let first = Mutex<DocumentStoreError?>(nil)
    group.enter()
    Thread.detachNewThread { [group] in
      do {
        try store.update(Note.self, "a") { $0?.count += 1 }
      } catch {
        first.withLock { $0 = error as? DocumentStoreError }
      }
      // What the second waits for is free from now on.
      store.turns.giveBack(layout.folder)
      group.leave()
    }
    // It waits by now, and has less time left than who comes later.
    for _ in 0..<5_000 where store.batches.count(of: Note.self, layout.path) != 1 { usleep(1_000) }
    usleep(600_000)
    XCTAssertNoThrow(try store.update(Note.self, "a") { $0?.count += 10 })
    group.wait()
    guard case .busy? = first.withLock({ $0 }) else { return XCTFail("the first was not busy") }
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 10)
  }

  func testBatchThatIsFullIsNotJoined() throws {
    let batches = Batches(limit: 2)
    let changes = (0..<3).map { _ in PendingChange<Note>(isAlone: false) { _ in } }
    let joined = changes.map { batches.join($0, "a") }
    XCTAssertEqual(joined.map(\.isFirst), [true, false, true])
    XCTAssertTrue(joined[0].batch === joined[1].batch)
    batches.close(joined[0].batch, "a")
    XCTAssertEqual(batches.count(of: Note.self, "a"), 1, "the other one may still be joined")
    batches.close(joined[2].batch, "a")
    XCTAssertEqual(batches.count(of: Note.self, "a"), 0)
  }
}

/// By the number of the change.
private final class Failures: Sendable {
  let all = Mutex<[Int: DocumentStoreError]>([:])
}
