import CoreMetrics
import Dispatch
public import Logging
import Synchronization
public import SystemCalls

/// Waits for descriptors and serves those that are ready, one after another.
///
/// One thread at a time holds the loop: it alone waits for events and serves them, so nothing is
/// contended while nothing blocks. Before a source blocks (`Blocking.run`), the loop is handed over
/// to a spare thread, as Go hands over a processor around a system call. The first thread goes on
/// with what it serves and is a spare one after that. `StallWatch` hands over in its place where a
/// source blocks without saying so.
///
/// `@unchecked Sendable`: what has no lock belongs to the thread that holds the loop.
public final class EventLoop: @unchecked Sendable {
  private let queue: EventQueue
  private let batch = EventBatch()
  private var lastEvent: UInt64 = 0
  /// What is being served.
  private var current: (source: any EventSource, token: UInt64)?
  /// When the loop was told to stop.
  private var drainStart: ContinuousClock.Instant?

  /// The number of the event that is being served; 0 where there is none, or where the loop was
  /// handed over meanwhile. Who sets it back to 0 decides which of the two it is.
  private let served = Atomic<UInt64>(0)
  private let sources = Mutex(Sources())
  private let threads = Mutex(Threads())
  /// Held while another thread than the one that serves hands over.
  private let stalls = Mutex(())
  /// Signalled for a spare thread to look whether the loop is free.
  private let wake = DispatchSemaphore(value: 0)
  private let stallWatch = StallWatch()
  private let stopFlag: StopFlag
  private let threadLimit: Int
  private let logger: Logger
  /// How many threads serve an event, and how many have nothing to do.
  private let busyThreads = Meter(label: "postern.threads", dimensions: [("state", "busy")])
  private let spareThreads = Meter(label: "postern.threads", dimensions: [("state", "spare")])

  /// After so long without work a spare thread ends, unless it is the last one.
  private static let idleTime = DispatchTimeInterval.seconds(10)
  /// How long a loop that is to stop serves what is ready without having to wait for it.
  private static let drainLimit = Duration.seconds(1)
  /// How long it serves on where a source is unfinished.
  private static let unfinishedLimit = Duration.seconds(8)
  private static let stopToken: UInt64 = 0

  private struct Sources {
    var watched: [UInt64: any EventSource] = [:]
    /// Those of `watched` that are served by threads which have handed the loop over.
    var away: Set<UInt64> = []
    var lastToken = stopToken
    var loopHasEnded = false
  }

  private struct Threads {
    var running: [JoinableThread] = []
    var spare = 0
    var loopIsFree = true
    var isStopping = false
  }

  /// - Parameter threadLimit: how many threads there may be; when all are blocked, the loop waits.
  /// - Throws: `SystemCallError`
  public init(threadLimit: Int, logger: Logger) throws(SystemCallError) {
    queue = try EventQueue()
    stopFlag = try StopFlag()
    self.threadLimit = threadLimit
    self.logger = logger
    try queue.add(stopFlag.descriptor, token: Self.stopToken)
  }

  /// Watches `source` and keeps it for as long as it is watched. Where the loop has ended, only tells
  /// it so.
  public func add(_ source: any EventSource) throws(SystemCallError) {
    let token = sources.withLock { state -> UInt64? in
      guard !state.loopHasEnded else { return nil }
      state.lastToken += 1
      state.watched[state.lastToken] = source
      return state.lastToken
    }
    guard let token else { return source.loopEnds() }
    try watch(source, token)
  }

  /// Starts to serve, on threads of its own, and returns.
  public func start() { start(watchingStalls: true) }

  /// - Parameter watchingStalls: whether the loop is handed over where a source holds it without
  ///   saying so, which the machine can bring about at any time.
  func start(watchingStalls: Bool) {
    threads.withLock { startThread(&$0) }
    if watchingStalls { stallWatch.start(watching: self) }
  }

  /// Serves what has come by now, lets what is being served or unfinished end, and returns when the
  /// last thread has ended. Nothing is watched any longer then.
  public func stop() {
    stopFlag.raise()
    while let thread = threads.withLock({ $0.running.popLast() }) { thread.join() }
    stallWatch.stop()
    sources.withLock { $0.watched.removeAll() }
  }

  /// All that is watched, also what is being served.
  public var watchedSources: [any EventSource] { sources.withLock { Array($0.watched.values) } }

  // MARK: - Handing over

  /// The event that is being served by the thread that holds the loop; 0 where there is none.
  var eventInHand: UInt64 { served.load(ordering: .sequentiallyConsistent) }

  /// Lets another thread have the loop while the caller goes on serving `event`. Does nothing where
  /// that has happened already.
  func handOver(_ event: UInt64) {
    guard eventInHand == event, endServing(event) else { return }
    release()
  }

  /// The same for a thread that holds the loop for too long.
  func handOverStalled(_ event: UInt64) {
    stalls.withLock { _ in
      guard eventInHand == event, endServing(event) else { return }
      release()
    }
  }

  private func release() {
    // There is still something to read, and nobody is to serve it a second time meanwhile.
    if let current {
      try? queue.remove(current.source.descriptor)
      sources.withLock { _ = $0.away.insert(current.token) }
    }
    current = nil
    let isSpareThere = threads.withLock { state in
      state.loopIsFree = true
      if state.spare == 0, state.running.count < threadLimit, !state.isStopping {
        startThread(&state)
      }
      return state.spare > 0
    }
    // Outside of the lock, which the thread that wakes up needs.
    if isSpareThere { wake.signal() }
  }

  /// Returns whether the loop is still in the hands of the one who served `event`.
  private func endServing(_ event: UInt64) -> Bool {
    served.compareExchange(expected: event, desired: 0, ordering: .sequentiallyConsistent).exchanged
  }

  // MARK: - Threads

  private func startThread(_ state: inout Threads) {
    do {
      state.running.append(try System.startThread { [self] in LoopThread(self).run(serve) })
    } catch {
      logger.warning("cannot start a thread", metadata: ["error": "\(error)"])
    }
  }

  private func serve(_ thread: LoopThread) {
    while takeLoop() {
      while let token = nextToken() {
        guard let source = sources.withLock({ $0.watched[token] }) else { continue }
        guard serve(source, token, on: thread) else { break }
      }
    }
  }

  /// Waits until the loop is free. Returns `false` when this thread is to end.
  private func takeLoop() -> Bool {
    var hasWaited = false
    var isIdle = false
    while true {
      let isTaken = threads.withLock { state -> Bool? in
        defer { spareThreads.set(state.spare) }
        if hasWaited { state.spare -= 1 }
        if state.isStopping { return false }
        if state.loopIsFree {
          state.loopIsFree = false
          return true
        }
        if isIdle, state.spare > 0,
          let index = state.running.firstIndex(where: \.isCurrent)
        {
          state.running.remove(at: index).detach()
          return false
        }
        state.spare += 1
        return nil
      }
      if let isTaken { return isTaken }
      hasWaited = true
      isIdle = wake.wait(timeout: .now() + Self.idleTime) == .timedOut
    }
  }

  /// Ends the loop for all threads.
  private func close() {
    threads.withLock { state in
      state.isStopping = true
      for _ in 0..<state.spare { wake.signal() }
    }
    let idle = sources.withLock { state in
      state.loopHasEnded = true
      let idle = state.watched.filter { !state.away.contains($0.key) }
      for token in idle.keys { state.watched[token] = nil }
      return idle
    }
    for source in idle.values {
      try? queue.remove(source.descriptor)
      source.loopEnds()
    }
  }

  // MARK: - Events

  /// The next source that is ready; `nil` when the loop is to end.
  private func nextToken() -> UInt64? {
    while true {
      if let token = batch.next() {
        guard token == Self.stopToken else { return token }
        try? queue.remove(stopFlag.descriptor)
        drainStart = .now
      }
      guard batch.isEmpty else { continue }
      let isWaiting = drainStart.map { waitsForUnfinished(since: $0) } ?? true
      if let drainStart, !isWaiting, .now > drainStart + Self.drainLimit {
        close()
        return nil
      }
      do throws(SystemCallError) {
        try queue.wait(for: batch, milliseconds: drainStart == nil ? -1 : isWaiting ? 20 : 0)
      } catch {
        logger.critical("cannot wait for events", metadata: ["error": "\(error)"])
        close()
        return nil
      }
      if batch.isEmpty, !isWaiting {
        close()
        return nil
      }
    }
  }

  private func waitsForUnfinished(since start: ContinuousClock.Instant) -> Bool {
    .now < start + Self.unfinishedLimit
      && sources.withLock { $0.watched.values.contains { $0.isUnfinished } }
  }

  /// Returns whether the thread holds the loop afterwards.
  private func serve(_ source: any EventSource, _ token: UInt64, on thread: LoopThread) -> Bool {
    lastEvent += 1
    let event = lastEvent
    current = (source, token)
    thread.event = event
    served.store(event, ordering: .sequentiallyConsistent)
    stallWatch.wakeUp()
    busyThreads.increment()

    let isKept = source.serve(on: thread.executor)

    busyThreads.decrement()
    let holdsLoop = endServing(event)
    if holdsLoop { current = nil }
    if isKept {
      if !holdsLoop { watchAgain(source, token) }
    } else {
      remove(token)
    }
    return holdsLoop
  }

  private func watchAgain(_ source: any EventSource, _ token: UInt64) {
    // By then, `handOverStalled` has taken the descriptor out of the queue.
    stalls.withLock { _ in }
    let loopHasEnded = sources.withLock { state in
      state.away.remove(token)
      if state.loopHasEnded { state.watched[token] = nil }
      return state.loopHasEnded
    }
    if loopHasEnded { return source.loopEnds() }
    do throws(SystemCallError) {
      try watch(source, token)
    } catch {
      logger.error("cannot watch a connection", metadata: ["error": "\(error)"])
    }
  }

  private func watch(_ source: any EventSource, _ token: UInt64) throws(SystemCallError) {
    do throws(SystemCallError) {
      try queue.add(source.descriptor, isShared: source.isShared, token: token)
    } catch {
      remove(token)
      throw error
    }
  }

  /// Lets go of the source, which closes its descriptor, and so takes it out of the queue.
  private func remove(_ token: UInt64) {
    let source = sources.withLock { state in
      state.away.remove(token)
      return state.watched.removeValue(forKey: token)
    }
    // Its end may do anything: not under the lock.
    withExtendedLifetime(source) {}
  }
}
