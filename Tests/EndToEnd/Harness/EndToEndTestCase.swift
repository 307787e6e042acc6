import Foundation
import Synchronization
import XCTest

/// Gives all tests of a class one running installation. A test that breaks it or needs another
/// one makes its own with `makeInstallation`.
class EndToEndTestCase: XCTestCase {
  /// What is special about the class's installation; `nil` for a class that shares none.
  class var setup: Installation.Setup? { Installation.Setup() }

  private static let shared = Mutex<Installation?>(nil)
  private var own: [Installation] = []

  /// The shared installation, running.
  var site: Installation {
    get throws {
      try Self.shared.withLock { shared in
        if let shared { return shared }
        let installation = try Installation(Self.setup ?? Installation.Setup())
        do {
          try installation.start()
        } catch {
          installation.remove()
          throw error
        }
        shared = installation
        return installation
      }
    }
  }

  /// An installation for this test alone, not started; gone after the test.
  func makeInstallation(_ setup: Installation.Setup = .init()) throws -> Installation {
    let installation = try Installation(setup)
    own.append(installation)
    return installation
  }

  override func setUpWithError() throws {
    try super.setUpWithError()
    _ = try Repository.program()
  }

  override func tearDown() {
    if let testRun, testRun.totalFailureCount > 0 {
      let installations = own + (Self.shared.withLock { $0 }.map { [$0] } ?? [])
      for installation in installations { print("\(name)\n\(installation.logs)") }
    }
    for installation in own {
      installation.stop()
      installation.remove()
    }
    own = []
    super.tearDown()
  }

  override class func tearDown() {
    let installation = shared.withLock { shared in
      defer { shared = nil }
      return shared
    }
    installation?.stop()
    installation?.remove()
    super.tearDown()
  }
}
