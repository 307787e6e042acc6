import Foundation
import Logging
import Synchronization
import SystemCalls
import TestSupport
import XCTest

@testable import Execution

final class EventLoopTests: XCTestCase {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private var loop: EventLoop?

  /// One end of a pipe: each byte that is written to it is an event.
  private final class Pipe: EventSource {
    let descriptor: FileDescriptor
    private let writeEnd: FileDescriptor
    private let action: @Sendable () -> Bool
    private let state = Mutex((served: 0, inside: 0, most: 0, threads: Set<UInt>()))
    private let ends = Mutex((count: 0, whileServed: 0))

    init(_ action: @escaping @Sendable () -> Bool = { true }) throws {
      (descriptor, writeEnd) = try System.pipe()
      try System.setNonBlocking(writeEnd)
      self.action = action
    }

    var loopEnd: (count: Int, whileServed: Int) { ends.withLock { $0 } }

    func loopEnds() {
      let isServed = state.withLock { $0.inside > 0 }
      ends.withLock {
        $0.count += 1
        if isServed { $0.whileServed += 1 }
      }
    }

    var served: Int { state.withLock { $0.served } }
    var most: Int { state.withLock { $0.most } }
    var threads: Set<UInt> { state.withLock { $0.threads } }

    func write(_ count: Int = 1) {
      for _ in 0..<count { Glibc.write(writeEnd.number, "x", 1) }
    }

    func serve(on executor: ThreadExecutor) -> Bool {
      state.withLock {
        $0.inside += 1
        $0.most = max($0.most, $0.inside)
        $0.threads.insert(UInt(pthread_self()))
      }
      let isKept = action()
      var byte: UInt8 = 0
      read(descriptor.number, &byte, 1)
      state.withLock {
        $0.served += 1
        $0.inside -= 1
      }
      return isKept
    }

    func waitUntilServed(_ count: Int) -> Bool {
      for _ in 0..<20_000 {
        if served == count { return true }
        usleep(500)
      }
      return false
    }
  }

  private func start(threadLimit: Int = 8, watchingStalls: Bool = true) throws -> EventLoop {
    let loop = try EventLoop(threadLimit: threadLimit, logger: logger)
    loop.start(watchingStalls: watchingStalls)
    self.loop = loop
    return loop
  }

  override func tearDown() {
    loop?.stop()
    loop = nil
  }

  func testWhatDoesNotBlockIsServedOnOneThread() throws {
    // To the watch, a thread that the kernel does not let run is one that blocks.
    let loop = try start(watchingStalls: false)
    let pipes = try (0..<10).map { _ in try Pipe() }
    for pipe in pipes { try loop.add(pipe) }
    for _ in 0..<20 { for pipe in pipes { pipe.write() } }
    for pipe in pipes { XCTAssertTrue(pipe.waitUntilServed(20)) }
    XCTAssertEqual(Set(pipes.flatMap(\.threads)).count, 1)
  }

  func testWhatSaysThatItBlocksHoldsUpNothingElse() throws {
    let loop = try start(watchingStalls: false)
    let gate = Gate()
    defer { gate.open() }
    let blocked = try (0..<5).map { _ in
      try Pipe {
        Blocking.run { gate.pass() }
        return true
      }
    }
    let other = try Pipe()
    for pipe in blocked { try loop.add(pipe) }
    try loop.add(other)
    for pipe in blocked { pipe.write() }
    XCTAssertTrue(gate.waitUntilHolding(5))
    other.write(10)
    XCTAssertTrue(other.waitUntilServed(10))
    gate.open()
    for pipe in blocked { XCTAssertTrue(pipe.waitUntilServed(1)) }
  }

  func testLoopIsFreeAtOnceWhereASourceSaysThatItBlocks() throws {
    let loop = try start(watchingStalls: false)
    let seen = Mutex<[Bool]>([])
    let pipe = try Pipe {
      let isHeld = loop.eventInHand != 0
      let isStillHeld = Blocking.run { loop.eventInHand != 0 }
      seen.withLock { $0 += [isHeld, isStillHeld] }
      return true
    }
    try loop.add(pipe)
    pipe.write()
    XCTAssertTrue(pipe.waitUntilServed(1))
    XCTAssertEqual(seen.withLock { $0 }, [true, false])
  }

  func testWhatBlocksWithoutSayingSoHoldsUpNothingElse() throws {
    let loop = try start()
    let gate = Gate()
    defer { gate.open() }
    let blocked = try (0..<5).map { _ in
      try Pipe {
        gate.pass()
        return true
      }
    }
    let other = try Pipe()
    for pipe in blocked { try loop.add(pipe) }
    try loop.add(other)
    for pipe in blocked { pipe.write() }
    XCTAssertTrue(gate.waitUntilHolding(5))
    other.write(10)
    XCTAssertTrue(other.waitUntilServed(10))
  }

  func testStallIsSeenAgainAfterTheWatchHasRested() throws {
    let loop = try start()
    let gate = Gate()
    defer { gate.open() }
    let (first, second, other) = (
      try Pipe(),
      try Pipe {
        gate.pass(); return true
      }, try Pipe()
    )
    for pipe in [first, second, other] { try loop.add(pipe) }
    first.write()
    XCTAssertTrue(first.waitUntilServed(1))
    usleep(300_000)
    second.write()
    XCTAssertTrue(gate.waitUntilHolding(1))
    other.write()
    XCTAssertTrue(other.waitUntilServed(1))
  }

  func testSourceIsNeverServedTwiceAtOnce() throws {
    let loop = try start()
    let pipe = try Pipe {
      Blocking.run { _ = usleep(1_000) }
      return true
    }
    try loop.add(pipe)
    pipe.write(100)
    XCTAssertTrue(pipe.waitUntilServed(100))
    XCTAssertEqual(pipe.most, 1)
  }

  func testSourceThatStallsAndBlocksByTurnsIsServedEachTime() throws {
    let loop = try start()
    let turns = Mutex(0)
    let pipes = try (0..<4).map { _ in
      try Pipe {
        let turn = turns.withLock { turn -> Int in
          turn += 1
          return turn
        }
        switch turn % 4 {
        case 0: usleep(2_500)
        case 1: Blocking.run { _ = usleep(200) }
        case 2:
          usleep(1_000)
          Blocking.run { _ = usleep(1_000) }
        default: break
        }
        return true
      }
    }
    for pipe in pipes { try loop.add(pipe) }
    for _ in 0..<250 { for pipe in pipes { pipe.write() } }
    for pipe in pipes {
      XCTAssertTrue(pipe.waitUntilServed(250))
      XCTAssertEqual(pipe.most, 1)
    }
  }

  func testSourceThatIsDoneIsLetGo() throws {
    let loop = try start()
    for blocks in [false, true] {
      weak var kept: Pipe?
      do {
        let pipe = try Pipe {
          if blocks { Blocking.run { _ = usleep(100) } }
          return false
        }
        kept = pipe
        try loop.add(pipe)
        pipe.write(2)
        XCTAssertTrue(pipe.waitUntilServed(1))
        usleep(20_000)
        XCTAssertEqual(pipe.served, 1)
      }
      // The thread that served it lets go of it last.
      for _ in 0..<20_000 where kept != nil { usleep(500) }
      XCTAssertNil(kept, "blocks: \(blocks)")
    }
  }

  func testThreadsEndAtTheirLimitAndTheRestWaits() throws {
    let loop = try start(threadLimit: 3)
    let gate = Gate()
    let blocked = try (0..<5).map { _ in
      try Pipe {
        Blocking.run { gate.pass() }
        return true
      }
    }
    for pipe in blocked { try loop.add(pipe) }
    for pipe in blocked { pipe.write() }
    XCTAssertTrue(gate.waitUntilHolding(3))
    gate.open()
    for pipe in blocked { XCTAssertTrue(pipe.waitUntilServed(1)) }
    XCTAssertEqual(gate.most, 3)
  }

  func testStopLetsGoOfAllSources() throws {
    let loop = try start()
    weak var kept: Pipe?
    do {
      let pipe = try Pipe()
      kept = pipe
      try loop.add(pipe)
    }
    XCTAssertNotNil(kept)
    loop.stop()
    self.loop = nil
    XCTAssertNil(kept)
  }

  func testEachSourceIsToldOnceThatTheLoopEndsAndNeverWhileItIsServed() throws {
    let loop = try start()
    let gate = Gate()
    let idle = try (0..<5).map { _ in try Pipe() }
    let busy = try (0..<3).map { _ in
      try Pipe {
        Blocking.run { gate.pass() }
        return true
      }
    }
    let gone = try Pipe { false }
    for pipe in idle + busy + [gone] { try loop.add(pipe) }
    gone.write()
    XCTAssertTrue(gone.waitUntilServed(1))
    for pipe in busy { pipe.write() }
    XCTAssertTrue(gate.waitUntilHolding(3))
    let stopped = expectation(description: "stopped")
    Thread {
      loop.stop()
      stopped.fulfill()
    }.start()
    for _ in 0..<20_000 where idle.contains(where: { $0.loopEnd.count == 0 }) { usleep(500) }
    for pipe in busy { XCTAssertEqual(pipe.loopEnd.count, 0) }
    gate.open()
    wait(for: [stopped], timeout: 20)
    for pipe in idle + busy {
      XCTAssertEqual(pipe.loopEnd.count, 1)
      XCTAssertEqual(pipe.loopEnd.whileServed, 0)
    }
    XCTAssertEqual(gone.loopEnd.count, 0)
    self.loop = nil
  }

  func testSourceThatComesAfterTheEndIsToldOfItAndNotKept() throws {
    let loop = try start()
    loop.stop()
    weak var kept: Pipe?
    do {
      let pipe = try Pipe()
      kept = pipe
      try loop.add(pipe)
      XCTAssertEqual(pipe.loopEnd.count, 1)
    }
    XCTAssertNil(kept)
    self.loop = nil
  }

  func testStopOfABusyLoopReturns() throws {
    let loop = try start()
    let pipe = try Pipe {
      usleep(10); return true
    }
    try loop.add(pipe)
    let isStopping = Atomic(false)
    let writer = expectation(description: "writer ended")
    Thread {
      while !isStopping.load(ordering: .relaxed) { pipe.write() }
      writer.fulfill()
    }.start()
    loop.stop()
    self.loop = nil
    isStopping.store(true, ordering: .relaxed)
    wait(for: [writer], timeout: 20)
  }
}
