import Foundation
import Glibc
import TestSupport

/// What a peer at the service's socket can do, for as long as it is let.
struct Attack: Sendable {
  let name: String
  let carryOut: @Sendable (Target) -> Void

  /// The socket that is attacked, and until when.
  struct Target: Sendable {
    let path: String
    let end: ContinuousClock.Instant
    let seed: UInt64

    var isOver: Bool { .now >= end }

    /// `nil` where the connection is refused.
    func connect() -> FastCGIClient? { try? FastCGIClient(path: path, timeout: 1) }
  }

  static let all: [Attack] = [
    // What the machine itself makes clients wait.
    Attack(name: "nothing") { target in while !target.isOver { usleep(10_000) } },
    holding("silent connections", 500) { [] },
    holding("requests that are begun", 500) { Array(head.prefix(20)) },
    holding("requests of 60 kB without an end", 200) {
      FastCGIRecord.begin().bytes + parameters([UInt8](repeating: 0, count: 60_000))
    },
    Attack(name: "connections that come and go") { target in
      while !target.isOver { _ = target.connect() }
    },
    repeating("absurd lengths") { number in
      let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff]
      let lengths = [huge + huge, huge + [0], [0] + huge, [0x80, 0xff, 0xff, 0xff, 1]]
      return FastCGIRecord.begin().bytes + parameters(lengths[number % lengths.count])
        + parameters([])
    },
    repeating("other roles, versions and types") { number in
      var record = FastCGIRecord.begin(role: UInt16(number % 7))
      record.version = UInt8(number / 7 % 3)
      return record.bytes + FastCGIRecord(.abortRequest).bytes + FastCGIRecord(.data).bytes + head
    },
    repeating("100,000 parameters") { _ in
      let pairs = [UInt8](repeating: 0, count: 50_000)
      return FastCGIRecord.begin().bytes + (0..<4).flatMap { _ in parameters(pairs) }
        + parameters([]) + FastCGIRecord(.standardInput).bytes
    },
    Attack(name: "64 MiB of parameters") { target in
      let part = parameters([UInt8](repeating: 0, count: 65_535))
      while !target.isOver {
        guard let client = target.connect() else { continue }
        client.send(FastCGIRecord.begin())
        for _ in 0..<1_024 where !client.send(part) { break }
      }
    },
    Attack(name: "bodies of 8 MiB") { target in
      let part = FastCGIRecord(.standardInput, [UInt8](repeating: 65, count: 65_535)).bytes
      while !target.isOver {
        guard let client = target.connect() else { continue }
        client.send(FastCGIClient.head("POST", "/login", length: 8 << 20))
        for _ in 0..<128 where !client.send(part) { break }
      }
    },
    repeating("aborts") { _ in
      FastCGIClient.head("POST", "/login", length: 100)
        + FastCGIRecord(.standardInput, [UInt8](repeating: 65, count: 50)).bytes
        + FastCGIRecord(.abortRequest).bytes
    },
    Attack(name: "a byte at a time") { target in
      var clients = (0..<150).compactMap { _ in target.connect() }
      let bytes = head + FastCGIRecord(.standardInput).bytes
      var sent = 0
      while !target.isOver {
        for index in clients.indices where !clients[index].send([bytes[sent % bytes.count]]) {
          if let client = target.connect() { clients[index] = client }
        }
        sent += 1
      }
    },
    repeating("values asked for again and again") { number in
      let names = Array(repeating: ("FCGI_MPXS_CONNS", ""), count: number % 2 == 0 ? 30 : 1_000)
      let question = FastCGIRecord(.getValues, FastCGIRecord.pairs(names), id: 0).bytes
      return Array(repeating: question, count: 40).flatMap { $0 }
    },
    Attack(name: "answers that nobody reads") { target in
      let request = head + FastCGIRecord(.standardInput).bytes
      let many = Array(repeating: request, count: 100).flatMap { $0 }
      while !target.isOver {
        let clients = (0..<100).compactMap { _ in target.connect() }
        for _ in 0..<20 { for client in clients where !target.isOver { client.send(many) } }
      }
    },
    Attack(name: "fuzzed sessions") { target in
      var sessions = FuzzedSessions(seed: target.seed, path: "/password-policy")
      while !target.isOver { _ = try? FastCGIClient.run(sessions.next(), path: target.path) }
    },
  ]

  private static let head = FastCGIClient.head("GET", "/password-policy", length: 0)

  private static func parameters(_ content: [UInt8]) -> [UInt8] {
    FastCGIRecord(.parameters, content).bytes
  }

  /// Holds connections that have sent something, and puts new ones into the place of the oldest.
  private static func holding(
    _ name: String, _ count: Int, _ bytes: @escaping @Sendable () -> [UInt8]
  ) -> Attack {
    Attack(name: name) { target in
      let sent = bytes()
      var clients: [FastCGIClient] = []
      while !target.isOver {
        guard let client = target.connect() else { continue }
        client.send(sent)
        clients.append(client)
        if clients.count > count {
          clients.removeFirst()
          usleep(1_000)
        }
      }
    }
  }

  /// Sends something on one connection after the other and reads nothing.
  private static func repeating(
    _ name: String, _ bytes: @escaping @Sendable (Int) -> [UInt8]
  ) -> Attack {
    Attack(name: name) { target in
      var number = 0
      while !target.isOver {
        target.connect()?.send(bytes(number))
        number += 1
      }
    }
  }
}
