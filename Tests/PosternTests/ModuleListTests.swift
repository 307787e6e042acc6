import DocumentStore
import HandlerKit
import XCTest

@testable import Postern

/// What two modules, or one and Postern, must not both claim.
final class ModuleListTests: XCTestCase {
  private struct Notes: Document { static let collection = "notes" }
  private struct OtherNotes: Document { static let collection = "notes" }
  private struct Users: Document { static let collection = "users" }
  private struct Jobs: Document { static let collection = "jobs" }
  private struct Odd: Document { static let collection = "../notes" }

  /// A type of module for each `Tag`, since what a module declares belongs to its type.
  private protocol Tag: Sendable {
    static var name: String { get }
    static var settings: [Setting] { get }
    static var documents: [any Document.Type] { get }
  }

  private struct Module<T: Tag>: ServiceModule {
    static var name: String { T.name }
    static var settings: [Setting] { T.settings }
    static var documents: [any Document.Type] { T.documents }
    init(_ services: Services) {}
    var routes: [Route] { [] }
  }

  private struct Good: Tag {
    static let name = "notes"
    static let settings = [Setting("notes.limit", 100, "notes that a user may keep")]
    static let documents: [any Document.Type] = [Notes.self]
  }

  private func refusal(_ modules: any ServiceModule.Type...) -> String? {
    do {
      _ = try PosternConfiguration.load(
        file: nil, environment: [:], modules: standardModules + modules)
      return nil
    } catch {
      return error.description
    }
  }

  func testModulesThatClaimNothingTwiceAreTaken() throws {
    XCTAssertNil(refusal())
    XCTAssertNil(refusal(Module<Good>.self))
    let list = try ModuleList(checking: standardModules + [Module<Good>.self])
    XCTAssertTrue(list.settings.contains { $0.name == "notes.limit" })
    XCTAssertEqual(
      Set(list.documents.map { $0.collection }),
      [
        "users", "tokens", "throttle", "throttle-known", "keys", "hosts", "decoy", "links", "jobs",
        "health",
        "notes",
      ])
  }

  func testTwoModulesOfOneNameAreRefused() {
    struct Login: Tag {
      static let name = "login", settings: [Setting] = [], documents: [any Document.Type] = []
    }
    XCTAssertEqual(refusal(Module<Login>.self), "two modules are called login")
    XCTAssertEqual(
      refusal(Module<Good>.self, Module<Good>.self), "two modules are called notes")
  }

  func testSettingThatIsThereAlreadyIsRefused() {
    struct Own: Tag {
      static let name = "own", documents: [any Document.Type] = []
      static let settings = [Setting("sessions.limit", 1, "")]
    }
    struct Same: Tag {
      static let name = "same", documents: [any Document.Type] = []
      static let settings = [Setting("notes.limit", 1, "")]
    }
    XCTAssertEqual(refusal(Module<Own>.self), "two settings are called sessions.limit")
    XCTAssertEqual(
      refusal(Module<Good>.self, Module<Same>.self), "two settings are called notes.limit")
  }

  func testSettingThatIsTheStartOfAnothersNameIsRefused() {
    struct Outer: Tag {
      static let name = "outer", documents: [any Document.Type] = []
      static let settings = [Setting("sessions", 1, "")]
    }
    struct Inner: Tag {
      static let name = "inner", documents: [any Document.Type] = []
      static let settings = [Setting("notes.limit.day", 1, "")]
    }
    XCTAssertEqual(
      refusal(Module<Outer>.self), "sessions.lifetime and sessions cannot both be settings")
    XCTAssertEqual(
      refusal(Module<Good>.self, Module<Inner>.self),
      "notes.limit.day and notes.limit cannot both be settings")
  }

  func testSettingsOfOneNameInTheEnvironmentAreRefused() {
    struct Words: Tag {
      static let name = "words", documents: [any Document.Type] = []
      static let settings = [Setting("sessions.when.full", 1, "")]
    }
    struct Port: Tag {
      static let name = "port", documents: [any Document.Type] = []
      static let settings = [Setting("port", 1, "")]
    }
    XCTAssertEqual(
      refusal(Module<Words>.self),
      "two settings are POSTERN_SESSIONS_WHEN_FULL in the environment")
    XCTAssertEqual(
      refusal(Module<Port>.self), "two settings are POSTERN_PORT in the environment")
  }

  func testCollectionThatIsThereAlreadyIsRefused() {
    struct Twice: Tag {
      static let name = "twice", settings: [Setting] = []
      static let documents: [any Document.Type] = [OtherNotes.self]
    }
    struct Own: Tag {
      static let name = "own", settings: [Setting] = []
      static let documents: [any Document.Type] = [Users.self]
    }
    struct Standard: Tag {
      static let name = "standard", settings: [Setting] = []
      static let documents: [any Document.Type] = [Jobs.self]
    }
    for (module, collection): (any ServiceModule.Type, String) in [
      (Module<Twice>.self, "notes"), (Module<Own>.self, "users"), (Module<Standard>.self, "jobs"),
    ] {
      XCTAssertEqual(
        refusal(Module<Good>.self, module), "two kinds of documents are kept in \(collection)")
    }
  }

  func testNamesThatAreNoWordsAreRefused() {
    struct Name: Tag {
      static let name = "My notes", settings: [Setting] = [], documents: [any Document.Type] = []
    }
    struct Folder: Tag {
      static let name = "folder", settings: [Setting] = []
      static let documents: [any Document.Type] = [Odd.self]
    }
    XCTAssertEqual(refusal(Module<Name>.self)?.hasPrefix("module My notes: "), true)
    XCTAssertEqual(refusal(Module<Folder>.self)?.hasPrefix("collection ../notes: "), true)
    for name in ["", ".", "a..b", "Notes.limit", "notes.Limit", "notes.a-b", "notes.a b", "n.1"] {
      XCTAssertThrowsError(
        try ModuleList.checkName(ofSetting: name), name)
    }
    XCTAssertNoThrow(try ModuleList.checkName(ofSetting: "notes.longestText2"))
  }
}
