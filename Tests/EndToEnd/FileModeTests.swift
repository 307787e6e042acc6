import Foundation
import XCTest

/// Who may read what postern writes.
final class FileModeTests: EndToEndTestCase {
  override class var setup: Installation.Setup? { nil }

  func testF28_documentsAreForTheirOwnerAloneWhateverTheUmask() throws {
    for umask in ["000", "077", "022"] {
      let site = try makeInstallation(.init(umask: umask))
      try site.addUser("dora")
      try site.startPostern()
      try site.startNginx()
      let token = try site.login("dora").refreshToken
      XCTAssertEqual(try site.ask(.refresh(token)).status, 200)

      var count = 0
      for name in try [""] + FileManager.default.subpathsOfDirectory(atPath: site.data) {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(site.data)/\(name)")
        let isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
        XCTAssertEqual(
          attributes[.posixPermissions] as? Int, isFolder ? 0o700 : 0o600,
          "umask \(umask): data/\(name)")
        count += 1
      }
      XCTAssertGreaterThan(count, 15)
      let socket = try FileManager.default.attributesOfItem(atPath: site.socketPath)
      XCTAssertEqual(socket[.posixPermissions] as? Int, 0o660, "umask \(umask)")
      let pidFile = try FileManager.default.attributesOfItem(atPath: site.pidPath)
      XCTAssertEqual(pidFile[.posixPermissions] as? Int, 0o600, "umask \(umask)")
      site.stop()
    }
  }
}
