import Foundation
import TestSupport
import XCTest

@testable import Postern

final class DataStateTests: TemporaryFolderTestCase {
  private var data: String { "\(folder)/data" }
  private var keys: String { "\(data)/keys.json" }

  override func setUpWithError() throws {
    try super.setUpWithError()
    mkdir(data, 0o700)
    try write("keys")
  }

  private func write(_ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: keys))
  }

  private func state(_ environment: [String: String] = [:]) throws -> DataState {
    DataState(
      of: try .load(
        file: nil, environment: environment.merging(["POSTERN_DATA": data]) { $1 }))
  }

  func testF34_anotherFolderOrNoneAtThePathIsATroubleUntilTheFirstIsBack() throws {
    let state = try state()
    XCTAssertEqual(state.troubles, [])
    rename(data, "\(folder)/away")
    XCTAssertEqual(state.troubles, [.folder])
    try FileManager.default.copyItem(atPath: "\(folder)/away", toPath: data)
    XCTAssertEqual(state.troubles, [.folder])
    try FileManager.default.removeItem(atPath: data)
    rename("\(folder)/away", data)
    XCTAssertEqual(state.troubles, [])
  }

  func testM6_keysThatChangeOrVanishAreATrouble() throws {
    let state = try state()
    try write("other")
    XCTAssertEqual(state.troubles, [.keys])
    unlink(keys)
    XCTAssertEqual(state.troubles, [.noKeys])
  }

  func testM6_keysOfSettingsAreNotLookedForInTheFile() throws {
    let secrets = [
      "POSTERN_TOKENS_ACCESS_SECRET": "Vb7Zl0mF3kq8xT2wY5nR9sD1gH4jK6pA",
      "POSTERN_TOKENS_REFRESH_SECRET": "Qe8Ru2Ty6Ui0Op4As1Df5Gh9Jk3Lz7Xc",
    ]
    let state = try state(secrets)
    try write("other")
    XCTAssertEqual(state.troubles, [])
  }

  func testF35_aDiskWithLessThanTheReserveIsATroubleUntilThereIsMore() throws {
    try XCTSkipUnless(try mountSmallDisk(data, size: "1m"), "only root may mount a small disk")
    defer { unmount(data) }
    try write("keys")
    let state = try state()
    XCTAssertEqual(state.troubles, [])
    let filler = "\(data)/filler"
    try Data(count: 1 << 20 - 90 << 10).write(to: URL(fileURLWithPath: filler))
    XCTAssertEqual(state.troubles, [.disk])
    try write("other")
    XCTAssertEqual(state.troubles, [.disk, .keys])
    unlink(filler)
    XCTAssertEqual(state.troubles, [.keys])
    XCTAssertEqual(try self.state(["POSTERN_DISK_RESERVE": "0"]).troubles, [])
  }

  func testTheEndOfATroubleIsSaidOfWhatIsOver() {
    XCTAssertEqual(DataState.Trouble.keys.end, DataState.Trouble.folder.end)
    XCTAssertNotEqual(DataState.Trouble.disk.end, DataState.Trouble.folder.end)
  }

  func testDocumentsMayComeAndGo() throws {
    let state = try state()
    mkdir("\(data)/users", 0o700)
    try Data().write(to: URL(fileURLWithPath: "\(data)/users/x"))
    XCTAssertEqual(state.troubles, [])
  }
}
