import XCTest

@testable import Postern

final class SettingTests: XCTestCase {
  func testEverySettingHasTheEnvironmentNameOfTheContract() {
    let names = Dictionary(
      uniqueKeysWithValues: Setting.own.map { ($0.name, $0.environmentName) })
    let fixed = [
      "data": "POSTERN_DATA", "run": "POSTERN_RUN", "workers": "POSTERN_WORKERS",
      "store": "POSTERN_STORE", "tokens.accessSecret": "POSTERN_TOKENS_ACCESS_SECRET",
      "tokens.refreshSecret": "POSTERN_TOKENS_REFRESH_SECRET",
      "tokens.accessLifetime": "POSTERN_TOKENS_ACCESS_LIFETIME",
      "tokens.refreshLifetime": "POSTERN_TOKENS_REFRESH_LIFETIME",
      "sessions.lifetime": "POSTERN_SESSIONS_LIFETIME", "tokens.grace": "POSTERN_TOKENS_GRACE",
      "sessions.limit": "POSTERN_SESSIONS_LIMIT",
      "sessions.whenFull": "POSTERN_SESSIONS_WHEN_FULL",
      "modules.disabled": "POSTERN_MODULES_DISABLED", "log.level": "POSTERN_LOG_LEVEL",
      "throttle.enabled": "POSTERN_THROTTLE_ENABLED",
    ]
    for (name, variable) in fixed { XCTAssertEqual(names[name], variable) }
    XCTAssertEqual(names["tokens.issuer"], "POSTERN_TOKENS_ISSUER")
    XCTAssertEqual(names["tokens.audience"], "POSTERN_TOKENS_AUDIENCE")
  }

  func testHelpListsEverySettingWithItsDefault() {
    let lines = Setting.own.table.split(separator: "\n")
    XCTAssertEqual(lines.count, Setting.own.count)
    for (line, setting) in zip(lines, Setting.own) {
      XCTAssertTrue(line.contains("\(setting.environmentName) "), "\(line)")
      XCTAssertTrue(line.contains(setting.help), "\(line)")
      XCTAssertTrue(line.hasSuffix("[\(setting.shownDefault)]"), "\(line)")
    }
  }
}
