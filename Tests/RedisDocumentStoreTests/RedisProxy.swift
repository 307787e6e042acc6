import Foundation
import Synchronization
import TestSupport

extension LoopbackServer {
  var url: String { "redis://127.0.0.1:\(port)" }
}

/// Stands before a server, and loses or holds back what passes.
final class RedisProxy: Sendable {
  enum Fault: Equatable {
    /// The server gets the change, and its reply is lost with the connection.
    case losesReply
    /// The change is lost with the connection.
    case losesCommand
    /// The server gets the change so many microseconds later, when nobody waits for its reply.
    case delaysCommand(UInt32)
  }

  /// What the next change meets, and how many have met something.
  private final class Faults: Sendable {
    private let state = Mutex<(next: Fault?, caught: Int)>((nil, 0))

    var caught: Int { state.withLock { $0.caught } }

    func set(_ fault: Fault) { state.withLock { $0.next = fault } }

    func take() -> Fault? {
      state.withLock { state in
        guard let fault = state.next else { return nil }
        state = (nil, state.caught + 1)
        return fault
      }
    }
  }

  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  private let faults = Faults()
  private let server: LoopbackServer

  var port: Int { server.port }
  var url: String { server.url }
  /// How many changes it has lost or held back.
  var caught: Int { faults.caught }

  /// - Parameter replyDelay: microseconds for which all that the server sends is held back.
  init(to target: Int, replyDelay: UInt32 = 0) throws {
    let faults = self.faults
    server = try LoopbackServer { server, client in
      guard let upstream = LoopbackServer.connected(to: target), server.keep(upstream) else {
        return
      }
      let losing = Flag()
      let group = DispatchGroup()
      group.enter()
      let line = DispatchQueue(label: "what is on its way")
      Thread.detachNewThread {
        while let bytes = LoopbackServer.received(from: upstream) {
          if losing.isSet.load(ordering: .sequentiallyConsistent) { break }
          let due = DispatchTime.now() + .microseconds(Int(replyDelay))
          line.async {
            while DispatchTime.now() < due { usleep(500) }
            if server.isOpen { LoopbackServer.send(bytes, to: client) }
          }
        }
        line.async {
          shutdown(client, Int32(SHUT_RDWR))
          group.leave()
        }
      }
      while let bytes = LoopbackServer.received(from: client) {
        let isChange = String(decoding: bytes, as: UTF8.self).contains("EVAL")
        let fault = isChange ? faults.take() : nil
        if fault == .losesCommand { break }
        if fault == .losesReply { losing.isSet.store(true, ordering: .sequentiallyConsistent) }
        if case .delaysCommand(let time) = fault { usleep(time) }
        guard server.isOpen, LoopbackServer.send(bytes, to: upstream) else { break }
      }
      // What was sent is carried out first, and its reply read.
      shutdown(upstream, Int32(SHUT_WR))
      group.wait()
      server.drop(upstream)
    }
  }

  /// Of the next change.
  func meet(_ fault: Fault) { faults.set(fault) }

  func cut() { server.closeAll() }
}
