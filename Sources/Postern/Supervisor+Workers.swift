import FastCGI
import Glibc
import Logging
import SystemCalls

/// Starting workers and hearing of their ends.
extension Supervisor {
  mutating func startWorkers() {
    for index in slots.indices where slots[index].startAt <= .now {
      if slots[index].current == nil {
        slots[index].current = startWorker(index, plan)
        // While a candidate is tried, this is not the latest plan.
        slots[index].current?.isOfLatestPlan = candidate == nil
      } else if slots[index].current?.isOfLatestPlan == false,
        !slots.contains(where: { $0.successor != nil })
      {
        slots[index].successor = startWorker(index, candidate ?? plan)
      }
    }
  }

  private mutating func startWorker(_ index: Int, _ plan: WorkerPlan) -> WorkerProcess? {
    do {
      let readiness = try System.pipe()
      let id = try WorkerPlan.start(
        plan.program, named: program, ["worker", "--supervised"],
        descriptors: [
          ListeningSocket.inherited: run.socket.descriptor, Worker.lifeline: lifeline.read,
          Inheritance.descriptor: plan.inheritance, Worker.readiness: readiness.write,
          Worker.handOver.output: handOver.output, Worker.handOver.input: handOver.input,
          WorkerMetrics.descriptor: metrics.file,
        ], withheld: ModuleList.current.secretEnvironmentNames)
      return WorkerProcess(id: id, readiness: readiness.read)
    } catch {
      logger.error("cannot start a worker", metadata: ["error": "\(error)"])
      slots[index].startAt = .now + .seconds(1)
      return nil
    }
  }

  var startingWorkers: [WorkerProcess] {
    slots.flatMap { [$0.current, $0.successor] }.compactMap { $0 }.filter { !$0.isReady }
  }

  var readinessDescriptors: [Int32] {
    slots.flatMap { [$0.current, $0.successor] }.compactMap { $0?.readiness?.number }
  }

  mutating func noteReadyWorkers(_ ready: [Int32]) {
    for index in slots.indices where isNowReady(slots[index].current, ready) {
      slots[index].current?.readiness = nil
    }
    if let index = slots.firstIndex(where: { isNowReady($0.successor, ready) }) {
      replaceWorker(index)
    }
    // Where the worker before it ended first, a successor has its place already.
    if slots.contains(where: { $0.current?.isReady == true && $0.current?.isOfLatestPlan == true })
    {
      noteCandidateServes()
    }
  }

  /// An empty pipe that is ready has ended, with its worker.
  private func isNowReady(_ worker: WorkerProcess?, _ ready: [Int32]) -> Bool {
    guard let readiness = worker?.readiness, ready.contains(readiness.number) else { return false }
    return (try? System.read(readiness, limit: 1))?.isEmpty == false
  }

  /// The successor serves: the one before it may go.
  private mutating func replaceWorker(_ index: Int) {
    slots[index].successor?.readiness = nil
    leave(slots[index].current)
    slots[index].current = slots[index].successor
    slots[index].successor = nil
  }

  /// Lets a worker end what it has in hand.
  mutating func leave(_ worker: WorkerProcess?) {
    guard let worker else { return }
    System.send(SIGTERM, to: worker.id)
    leaving[worker.id] = .now + Self.stopTimeout
  }

  mutating func killLate() {
    for (process, deadline) in leaving where deadline <= .now {
      System.send(SIGKILL, to: process)
      leaving[process] = .now + Self.stopTimeout
    }
    for worker in startingWorkers where worker.startedAt + Self.startTimeout <= .now {
      System.send(SIGKILL, to: worker.id)
    }
    if let preparation, preparation.deadline <= .now {
      System.send(SIGKILL, to: preparation.process)
    }
  }

  mutating func noteEndedProcesses() throws {
    while let (process, end) = try System.endedChild() {
      sweeper.noteEnd(of: process)
      metrics.noteEnd(of: process)
      if process == preparation?.process { notePrepared(end) }
      if leaving.removeValue(forKey: process) != nil { continue }
      for index in slots.indices {
        guard let (worker, wasSuccessor) = slots[index].remove(process) else { continue }
        noteEnd(of: worker, wasSuccessor, end, index)
      }
    }
    noteReloaded()
  }

  private mutating func noteEnd(
    of worker: WorkerProcess, _ wasSuccessor: Bool, _ end: ProcessEnd, _ index: Int
  ) {
    let wasReady = worker.isReady || isNowReady(worker, readinessDescriptors(of: worker))
    var pause = slots[index].restart.pause(after: end, life: .now - worker.startedAt)
    if slots.allSatisfy({ $0.current == nil }) {
      pause = min(pause, RestartPolicy.longestPauseOfLast(wasReady: wasReady))
    }
    slots[index].startAt = .now + pause
    metrics.countRestart(after: end)
    logger.log(
      level: end == .exited(status: 0) ? .info : .warning, "worker ended",
      metadata: ["pid": "\(worker.id)", "end": "\(end)", "next start in": "\(pause)"])
    if wasSuccessor, !wasReady { noteFailedCandidate() }
  }

  func readinessDescriptors(of worker: WorkerProcess) -> [Int32] {
    [worker.readiness?.number].compactMap { $0 }
  }

  // MARK: - No worker

  mutating func noteDarkness() {
    guard !slots.contains(where: { $0.current?.isReady == true }) else {
      if refusesRequests { logger.notice("requests are served again") }
      (darkSince, refusesRequests) = (nil, false)
      return
    }
    let since = darkSince ?? .now
    darkSince = since
    guard !refusesRequests, since + Self.darkLimit <= .now else { return }
    refusesRequests = true
    logger.error("no worker serves: requests are refused until one does")
  }

  /// Where connections wait for a worker: new ones, and those that workers have left.
  var requestDescriptors: [Int32] {
    [run.socket.descriptor.number, handOver.output.number]
  }

  /// The web server has its answer at once, and not when it no longer waits.
  func refuseRequests() {
    while let connection = try? System.accept(run.socket.descriptor) ?? handOver.take() {
      withExtendedLifetime(connection) {}
    }
  }
}
