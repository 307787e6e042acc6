import Foundation
public import XCTest

/// Gives each test a folder of its own, which is gone after it.
open class TemporaryFolderTestCase: XCTestCase {
  /// The folder's path, without a slash at its end.
  public private(set) var folder = ""

  open override func setUpWithError() throws {
    try super.setUpWithError()
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("postern-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    folder = url.path
  }

  open override func tearDownWithError() throws {
    Evidence.keep(folder)
    try super.tearDownWithError()
  }

  /// The paths of all files below the folder, relative to it, in order.
  public func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder)
      .filter {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(
          atPath: "\(folder)/\($0)", isDirectory: &isFolder)
        return exists && !isFolder.boolValue
      }
      .sorted()
  }

  /// The file of one document, by its collection and its key: `users` and `alice`.
  public func documentPath(_ collection: String, _ key: String) throws -> String {
    let name = try XCTUnwrap(
      files().first { $0.hasPrefix("\(collection)/") && $0.hasSuffix("/\(key).json") })
    return "\(folder)/\(name)"
  }
}
