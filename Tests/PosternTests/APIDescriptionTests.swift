import Foundation
import TestSupport
import XCTest

@testable import Postern

/// `Public/openapi.yaml` against the routes that there are. What it says of them is tried in
/// `Tests/API`.
final class APIDescriptionTests: TemporaryFolderTestCase {
  private static let file = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Public/openapi.yaml")

  func testItDescribesEveryRouteOfTheStandardModulesAndNoOther() async throws {
    let services = try await services(.load(file: nil, environment: ["POSTERN_DATA": folder]))
    let routes = try standardModules.map { try $0.init(services) }.flatMap(\.routes)
      .map { "\($0.method.rawValue) \($0.path)" }
    let text = try String(contentsOf: Self.file, encoding: .utf8)
    XCTAssertEqual(Self.operations(of: text), routes.sorted())
  }

  func testReadingFindsMethodsUnderTheirPathsAlone() {
    let text = """
      info:
        title: x
      paths:
        /a:
          get:
            summary: post
          delete:
        /b/{id}:
          parameters:
          post:
      components:
        /c:
          get:
      """
    XCTAssertEqual(Self.operations(of: text), ["DELETE /a", "GET /a", "POST /b/{id}"])
  }

  /// Such as `GET /sessions`, by the indentation that the file has: a path in two spaces, a method
  /// in four.
  private static func operations(of text: String) -> [String] {
    let methods = ["delete", "get", "head", "options", "patch", "post", "put", "trace"]
    var operations: [String] = []
    var path: Substring?
    var isInPaths = false
    for line in text.split(separator: "\n") {
      let indentation = line.prefix { $0 == " " }.count
      let key = line.dropFirst(indentation).prefix { $0 != ":" }
      switch indentation {
      case 0: isInPaths = key == "paths"
      case 2 where isInPaths: path = key
      case 4 where isInPaths && methods.contains(String(key)):
        operations.append("\(key.uppercased()) \(path ?? "")")
      default: break
      }
    }
    return operations.sorted()
  }
}
