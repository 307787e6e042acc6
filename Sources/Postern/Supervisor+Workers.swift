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
      let reports = try System.pipe()
      let id = try WorkerPlan.start(
        plan.program, named: program, ["worker", "--supervised"],
        descriptors: [
          ListeningSocket.inherited: run.socket.descriptor, Worker.lifeline: lifeline.read,
          Inheritance.descriptor: plan.inheritance, Worker.reports: reports.write,
          Worker.handOver.output: handOver.output, Worker.handOver.input: handOver.input,
          WorkerMetrics.descriptor: metrics.file,
        ], withheld: ModuleList.current.secretEnvironmentNames + ServiceManager.environmentNames)
      return WorkerProcess(
        id: id, reports: reports.read,
        requestLimit: RequestLimit(seconds: plan.configuration.requestTimeout))
    } catch {
      logger.error("cannot start a worker", metadata: ["error": "\(error)"])
      slots[index].startAt = .now + .seconds(1)
      return nil
    }
  }

  var workers: [WorkerProcess] {
    slots.flatMap { [$0.current, $0.successor] }.compactMap { $0 }
  }

  var startingWorkers: [WorkerProcess] { workers.filter { !$0.isReady } }

  /// How many places have a worker that serves.
  var servingCount: Int { slots.count { $0.current?.isReady == true } }

  // MARK: - Reports

  private static var places: [WritableKeyPath<WorkerSlot, WorkerProcess?>] {
    [\.current, \.successor]
  }

  var reportDescriptors: [Int32] { workers.compactMap { $0.reports?.number } }

  /// Reads one report of each of the descriptors that are ready.
  mutating func takeReports(_ ready: [Int32]) {
    for index in slots.indices {
      for place in Self.places {
        guard let worker = slots[index][keyPath: place], let reports = worker.reports,
          ready.contains(reports.number)
        else { continue }
        guard let byte = Self.report(from: reports) else {
          // It has ended, or soon will.
          slots[index][keyPath: place]?.reports = nil
          continue
        }
        switch WorkerReport(rawValue: byte) {
        case .ready:
          slots[index][keyPath: place]?.isReady = true
          if worker.id == slots[index].successor?.id { replaceWorker(index) }
        case .alive: slots[index][keyPath: place]?.noteAlive()
        case .ending: letGo(worker, index, as: .exited(status: 0))
        case .stuck: letGo(worker, index, as: .exited(status: 1))
        // Of a later version.
        case nil: break
        }
      }
    }
    // Where the worker before it ended first, a successor has its place already.
    if slots.contains(where: { $0.current?.isReady == true && $0.current?.isOfLatestPlan == true })
    {
      noteCandidateServes()
    }
  }

  /// `nil` where the other end is closed.
  private static func report(from pipe: FileDescriptor) -> UInt8? {
    (try? System.read(pipe, limit: 1))?.first
  }

  /// A worker that takes no more requests is replaced at once. It is killed when what it has in
  /// hand takes too long.
  private mutating func letGo(_ worker: WorkerProcess, _ index: Int, as end: ProcessEnd) {
    guard let (worker, wasSuccessor) = slots[index].remove(worker.id) else { return }
    leaving[worker.id] = .now + Self.stopTimeout
    noteEnd(of: worker, wasSuccessor, end, index)
  }

  mutating func endSilentWorkers() {
    for index in slots.indices {
      for worker in [slots[index].current, slots[index].successor].compactMap({ $0 }) {
        guard let silentAt = worker.silentAt, silentAt <= .now else { continue }
        logger.error("worker does not react and is killed", metadata: ["pid": "\(worker.id)"])
        System.send(SIGKILL, to: worker.id)
        letGo(worker, index, as: .killed(signal: SIGKILL))
      }
    }
  }

  /// The successor serves: the one before it may go.
  private mutating func replaceWorker(_ index: Int) {
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
    // Its last report may not have been read yet.
    let wasReady =
      worker.isReady || worker.reports.flatMap(Self.report) == WorkerReport.ready.rawValue
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

  // MARK: - No worker

  mutating func noteDarkness() {
    guard servingCount == 0 else {
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
