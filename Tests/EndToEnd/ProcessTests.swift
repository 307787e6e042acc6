import Foundation
import XCTest

/// What the running processes look like from the outside.
final class ProcessTests: EndToEndTestCase {
  func testH1_aKilledWorkerIsReplacedAndLeavesNoZombie() throws {
    let supervisor = try XCTUnwrap(try site.postern).id
    for _ in 0..<5 {
      let victim = try XCTUnwrap(try site.workers.first)
      kill(victim, SIGKILL)
      let isReplaced = eventually(within: 5) {
        let children = ProcessTable.children(of: supervisor)
        return !children.contains(victim) && children.count == Installation.workerCount
      }
      XCTAssertTrue(isReplaced)
    }
    for child in ProcessTable.children(of: supervisor) {
      XCTAssertNotEqual(ProcessTable.state(of: child), "Z")
    }
    XCTAssertEqual(try site.ask(.login("alice")).status, 200)
  }

  func testH20_workersHaveNoDescriptorsButTheirOwn() throws {
    _ = try site.login("alice")
    // One that was started late could have inherited the most.
    let victim = try XCTUnwrap(try site.workers.first)
    kill(victim, SIGKILL)
    XCTAssertTrue(
      try eventually(within: 5) {
        try site.workers.count == Installation.workerCount && !site.workers.contains(victim)
      })
    _ = try site.askAtOnce(Array(repeating: .get("/current-user"), count: 50))
    let log = try "\(site.run)/postern.log", data = try site.data
    for worker in try site.workers {
      // One that is only just starting reads its keys, and has no event queue yet.
      XCTAssertTrue(
        eventually(within: 5) {
          let open = ProcessTable.descriptors(of: worker).values
          return open.contains { $0.contains("eventpoll") }
            && !open.contains { $0.hasPrefix(data + "/") }
        })
      let open = ProcessTable.descriptors(of: worker)
      XCTAssertTrue(open[0]?.hasPrefix("socket:") == true, "\(open)")
      XCTAssertEqual([open[1], open[2]], [log, log])
      // The supervisor's lifeline, and what it is told.
      for number in [3, 5] {
        XCTAssertTrue(open[number]?.hasPrefix("pipe:") == true, "\(open)")
      }
      for (number, target) in open where number > 3 && number != 5 {
        let isOwn = target.hasPrefix("socket:") || target.hasPrefix("anon_inode:") || target == data
        XCTAssertTrue(isOwn, "descriptor \(number) is \(target)")
      }
    }
  }

  func testH16_theSocketIsForItsOwnerAndGroupAlone() throws {
    let attributes = try FileManager.default.attributesOfItem(atPath: site.socketPath)
    XCTAssertEqual(attributes[.type] as? FileAttributeType, .typeSocket)
    XCTAssertEqual(attributes[.posixPermissions] as? Int, 0o660)
  }

  func testH19_noCoreFileIsEverWritten() throws {
    for process in try site.workers + [XCTUnwrap(site.postern).id] {
      let line = ProcessTable.text("limits", of: process).split(separator: "\n")
        .first { $0.hasPrefix("Max core file size") }
      XCTAssertEqual(line?.split(separator: " ").suffix(3).prefix(2), ["0", "0"])
    }
  }

  func testH19_noCoreFileOfACommandThatHoldsAPasswordIsEverWritten() throws {
    let pipe = try "\(site.run)/password"
    mkfifo(pipe, 0o600)
    let writer = open(pipe, O_RDWR | O_CLOEXEC)
    defer { close(writer) }
    let command = try ChildProcess(
      "/bin/sh",
      ["-c", "exec \"$0\" user add dora --email d@example.com <password", Repository.program()],
      environment: site.environment, log: "\(site.run)/user-add.log")
    defer { command.stop() }
    XCTAssertTrue(
      eventually(within: 10) {
        ProcessTable.text("limits", of: command.id).split(separator: "\n")
          .first { $0.hasPrefix("Max core file size") }?
          .split(separator: " ").suffix(3).prefix(2) == ["0", "0"]
      })
  }

  func testThePidFileNamesTheSupervisor() throws {
    XCTAssertEqual(try site.pidInFile, try site.postern?.id)
  }
}
