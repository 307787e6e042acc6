import Execution
import Synchronization
import SystemCalls

/// Keeps within bounds what connections take of a worker, whatever their peers do.
///
/// A connection that waits costs no thread, but a descriptor, and what has come of a request that is
/// not whole. Where that is too much, or takes too long, the connections that a web server would miss
/// least are ended: they receive nothing more, and the loop lets go of them as of any other that has
/// ended. An answer that is being made is still sent.
final class ConnectionWatch: EventSource {
  struct Limits: Sendable {
    /// How many connections there may be. The rest of a process's descriptors is for its files.
    var connections = max(64, min(1_000, System.descriptorLimit - 256))
    /// How many bytes of requests that are not whole may be kept, of all connections together.
    var heldBytes = 4 << 20
    /// How long a request may take from its first byte to its last, in milliseconds.
    var receiveTime = 30_000
    /// How many answers may wait at once for their peers to read: each has a thread for that long.
    var waitingAnswers = 16
  }

  let limits: Limits
  private let timer: TimerDescriptor
  private let connections = Mutex(Connections())
  private let heldCount = Atomic(0)
  private let isTimed = Atomic(false)
  private let waitingAnswers = Atomic(0)

  private struct Connections {
    var all: [Int: ConnectionState] = [:]
    var last = 0
  }

  init(limits: Limits = Limits()) throws(SystemCallError) {
    self.limits = limits
    timer = try TimerDescriptor()
  }

  func add(_ descriptor: FileDescriptor) -> ConnectionState {
    connections.withLock {
      $0.last += 1
      let state = ConnectionState(number: $0.last, descriptor: descriptor.number)
      $0.all[$0.last] = state
      return state
    }
  }

  /// To be called before the connection is closed.
  func remove(_ state: ConnectionState) {
    release(state)
    _ = connections.withLock { $0.all.removeValue(forKey: state.number) }
  }

  // MARK: - Requests that are not whole

  /// A request has begun, and so many bytes of it are kept.
  func note(_ state: ConnectionState, holds count: Int) {
    if state.phase != .receiving, state.phase != .ended {
      state.begin(at: System.monotonicMicroseconds)
      startTimer()
    }
    let more = count - state.held.exchange(count, ordering: .relaxed)
    let all = heldCount.add(more, ordering: .relaxed).newValue
    if all > limits.heldBytes { endHolders() }
  }

  /// Nothing is kept any longer.
  func release(_ state: ConnectionState) {
    heldCount.subtract(state.held.exchange(0, ordering: .relaxed), ordering: .relaxed)
  }

  /// The oldest ones, until half of the room is free.
  private func endHolders() {
    connections.withLock { connections in
      let holders = connections.all.values.filter { $0.phase == .receiving }
        .sorted { $0.beginning < $1.beginning }
      var sum = holders.reduce(0) { $0 + $1.held.load(ordering: .relaxed) }
      guard sum > limits.heldBytes else { return }
      for holder in holders {
        guard sum > limits.heldBytes / 2 else { break }
        sum -= holder.held.load(ordering: .relaxed)
        holder.end()
      }
    }
  }

  // MARK: - Time

  var descriptor: FileDescriptor { timer.descriptor }

  func serve(on executor: ThreadExecutor) -> Bool {
    timer.acknowledge()
    isTimed.store(false, ordering: .sequentiallyConsistent)
    let latest = System.monotonicMicroseconds - limits.receiveTime * 1_000
    let isAnyReceiving = connections.withLock { connections in
      var isAny = false
      for state in connections.all.values where state.phase == .receiving {
        if state.beginning <= latest { state.end() } else { isAny = true }
      }
      return isAny
    }
    if isAnyReceiving { startTimer() }
    return true
  }

  private func startTimer() {
    guard !isTimed.exchange(true, ordering: .sequentiallyConsistent) else { return }
    do throws(SystemCallError) {
      try timer.start(milliseconds: min(1_000, max(limits.receiveTime / 4, 1)))
    } catch {
      isTimed.store(false, ordering: .sequentiallyConsistent)
    }
  }

  // MARK: - Number

  /// Whether there may be one more connection. Where there are too many, ends idle ones first: those
  /// that have never brought a whole request, then those that have, the oldest of each first.
  func hasRoom() -> Bool {
    connections.withLock { connections in
      guard connections.all.count >= limits.connections else { return true }
      let some = max(limits.connections / 8, 1)
      let lasting = connections.all.values.filter { $0.phase != .ended }
      if lasting.count >= limits.connections {
        let idle = idle(among: lasting)
        let unproven = idle.filter { $0.phase != .kept }, kept = idle.filter { $0.phase == .kept }
        for state in (unproven + kept).prefix(some) { state.end() }
      }
      // They are gone soon; until then a few more do no harm.
      return connections.all.count < limits.connections + some
    }
  }

  /// Those that nothing has come on that would have to be looked at first, the oldest first.
  private func idle(among states: some Collection<ConnectionState>) -> [ConnectionState] {
    let quiet = states.filter { $0.phase != .inHand }
    let readable = try? System.waitForInput(quiet.map(\.descriptor), milliseconds: 0)
    guard let readable = readable.map(Set.init) else { return [] }
    return quiet.filter { !readable.contains($0.descriptor) }.sorted { $0.number < $1.number }
  }

  // MARK: - Answers that nobody reads

  /// Whether one more answer may wait for its peer. If so, `endWaiting` has to follow.
  func mayWait() -> Bool {
    if waitingAnswers.add(1, ordering: .relaxed).newValue <= limits.waitingAnswers { return true }
    endWaiting()
    return false
  }

  func endWaiting() { waitingAnswers.subtract(1, ordering: .relaxed) }
}
