import DocumentStore
import FileDocumentStore
import Foundation
import SystemCalls
import XCTest

final class ConcurrencyTests: StoreTestCase {
  /// Set in a child process, to the store that it shall count in.
  private static let storeOfChild = "POSTERN_TEST_COUNT_IN"
  private static let increments = 40

  func testF22_threadsLoseNoUpdateOfEachOther() throws {
    let shared = try store()
    let own = try (0..<4).map { _ in try store() }
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for _ in 0..<25 {
        do {
          let store = thread < 4 ? shared : own[thread - 4]
          try store.update(Note.self, "a") { $0 = Note(count: ($0?.count ?? 0) + 1) }
        } catch {
          XCTFail("\(error)")
        }
      }
    }
    XCTAssertEqual(try shared.read(Note.self, "a")?.count, 200)
  }

  func testE9_processesLoseNoUpdateOfEachOther() throws {
    if let path = ProcessInfo.processInfo.environment[Self.storeOfChild] {
      return try count(in: FileDocumentStore(path: path, lockTimeout: .seconds(30)))
    }
    setenv(Self.storeOfChild, path, 1)
    defer { unsetenv(Self.storeOfChild) }
    let children = try (0..<2).map { _ in
      let child = Process()
      child.executableURL = URL(fileURLWithPath: try System.pathOfThisProgram())
      child.arguments = [
        "FileDocumentStoreTests.ConcurrencyTests/testE9_processesLoseNoUpdateOfEachOther"
      ]
      child.standardOutput = FileHandle.nullDevice
      child.standardError = FileHandle.nullDevice
      try child.run()
      return child
    }
    let store = try store()
    try count(in: store)
    for child in children {
      child.waitUntilExit()
      XCTAssertEqual(child.terminationStatus, 0)
    }
    XCTAssertEqual(try store.read(Note.self, "a")?.count, 3 * Self.increments)
  }

  private func count(in store: FileDocumentStore) throws {
    for _ in 0..<Self.increments {
      try store.update(Note.self, "a") { $0 = Note(count: ($0?.count ?? 0) + 1) }
    }
  }

  func testE10_readerSeesWholeDocumentsOnly() throws {
    let store = try store(holding: "a")
    DispatchQueue.concurrentPerform(iterations: 4) { thread in
      for count in 1...100 {
        do {
          if thread == 0 {
            let text = String(repeating: "\(count % 10)", count: count * 50)
            try store.update(Note.self, "a") { $0 = Note(text: text, count: count) }
          } else {
            let note = try XCTUnwrap(store.read(Note.self, "a"))
            if note.count > 0 { XCTAssertEqual(note.text.utf8.count, note.count * 50) }
          }
        } catch {
          XCTFail("\(error)")
        }
      }
    }
  }

  func testE9_differentKeysOfOneFolderDoNotDisturbEachOther() throws {
    let store = try store()
    DispatchQueue.concurrentPerform(iterations: 300) { number in
      XCTAssertNotNil(try? store.update(Note.self, "key\(number)") { $0 = Note(count: number) })
    }
    for number in 0..<300 {
      XCTAssertEqual(try store.read(Note.self, "key\(number)")?.count, number)
    }
    XCTAssertEqual(try store.keys(of: Note.self).count, 300)
  }
}
