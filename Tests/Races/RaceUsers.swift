import Accounts
import TestSupport
import XCTest

enum RaceUsers {
  /// Adds users whose password is `TestHouse.password`, with hashes of the usual cost: others would
  /// be renewed at the first sign-in.
  static func add(_ count: Int, dataFolder: String) throws -> [KnownUser] {
    let users = UserDirectory(documents: try TestStore.open(folder: dataFolder))
    let password = try XCTUnwrap(Password(TestHouse.password))
    let hash = try PasswordHasher(concurrency: 1).hash(password)
    return try (1...count).map { number in
      let name = try XCTUnwrap(Username("user\(number)"))
      _ = try users.add(
        name, profile: .init(email: "\(name.text)@example.com"), passwordHash: hash)
      return KnownUser(name: name.text, password: TestHouse.password)
    }
  }
}
