import ArgumentParser
import XCTest

@testable import Postern

final class HelpTests: XCTestCase {
  func testEveryCommandSaysWhatItDoesAndGivesAnExample() {
    let found = commands(of: PosternTool.self, named: "postern")
    XCTAssertGreaterThan(found.count, 10)
    for (name, configuration) in found {
      XCTAssertTrue(configuration.abstract.hasSuffix("."), name)
      let examples = configuration.discussion.split(separator: "\n").filter {
        $0.hasPrefix("  ") && $0.contains("postern ")
      }
      XCTAssertFalse(examples.isEmpty, name)
      for example in examples { XCTAssertLessThanOrEqual(example.count, 78, "\(example)") }
    }
  }

  private func commands(
    of type: any ParsableCommand.Type, named name: String
  ) -> [(name: String, configuration: CommandConfiguration)] {
    let inner = type.configuration.subcommands.filter { $0.configuration.shouldDisplay }
    return [(name, type.configuration)]
      + inner.flatMap { commands(of: $0, named: "\(name) \($0._commandName)") }
  }
}
