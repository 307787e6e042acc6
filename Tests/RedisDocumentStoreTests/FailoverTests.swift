import DocumentStore
import Foundation
import TestSupport
import XCTest

@testable import RedisDocumentStore

/// Primaries that are lost while documents are changed, and what of it is there on the next one.
///
/// The lines that begin with `|` are the figures of Docs/redis.md.
final class FailoverTests: RedisTestCase {
  private static let all = Set(Load.keys)

  /// Lets it go on until documents are changed again, counts, and prints.
  private func settle(
    _ name: String, _ load: Load, since killed: ContinuousClock.Instant,
    _ affected: Set<String> = FailoverTests.all, in store: RedisDocumentStore
  ) throws -> Load.Result {
    try waitUntil("documents are changed again\n\(load.reasons)", within: 45) {
      load.isServed(after: killed + .milliseconds(500), affected)
    }
    usleep(1_500_000)
    load.stop()
    let gap = load.longestGap(after: killed, affected)
    let result = try load.result(store)
    print("| \(name) | \(result) | served again after \(String(format: "%.1f", gap)) s |")
    print(load.reasons)
    XCTAssertGreaterThan(result.acknowledged, 50)
    XCTAssertEqual(result.doubled, 0)
    return result
  }

  // MARK: - A slow way to the replica

  /// What the replica of a killed primary has, which gets everything 0.2 s late.
  private func resultOfLosingThePrimary(waitReplicas: Int) throws -> Load.Result {
    let primary = try start("repl-diskless-sync-delay 0")
    let link = try RedisProxy(to: primary.port, replyDelay: 200_000)
    let replica = try start("replicaof 127.0.0.1 \(link.port)")
    try waitUntil("the replica follows", within: 30) {
      try replica.information("master_link_status", of: "replication") == "up"
    }
    let stores = try (0..<2).map { _ in
      try store(primary.url, waitReplicas: waitReplicas, commandTimeout: .seconds(4))
    }
    let load = Load(stores, threads: 16, pause: 1_000)
    usleep(4_000_000)
    primary.kill()
    link.cut()
    load.stop()
    try replica.send("REPLICAOF", "NO", "ONE")
    let result = try load.result(try patientStore(replica.url))
    print("| replica 0.2 s behind, WAIT \(waitReplicas) | \(result) |")
    XCTAssertGreaterThan(result.acknowledged, 10)
    XCTAssertEqual(result.doubled, 0)
    return result
  }

  func testG5_whatTheReplicaDidNotHaveIsLostWithoutWait() throws {
    XCTAssertGreaterThan(try resultOfLosingThePrimary(waitReplicas: 0).lost, 0)
  }

  func testG5_V1_nothingIsLostWithWait() throws {
    XCTAssertEqual(try resultOfLosingThePrimary(waitReplicas: 1).lost, 0)
  }

  func testG5_withTooFewReplicasAChangeIsNotAcknowledgedAndReadsGoOn() throws {
    let server = try start()
    let store = try store(server.url, waitReplicas: 1, commandTimeout: .milliseconds(500))
    assertUnavailable("too few replicas") { try store.append(1, to: "a") }
    XCTAssertEqual(try store.numbers("a"), [1])
    // Nor is an update that finds it done: what it read may be lost.
    assertUnavailable("too few replicas") { try store.update(Ledger.self, "a") { _ in } }
    let replica = try start("replicaof 127.0.0.1 \(server.port)")
    try waitUntil("the replica follows", within: 30) {
      try replica.information("master_link_status", of: "replication") == "up"
    }
    let patient = try self.store(server.url, waitReplicas: 1, commandTimeout: .seconds(10))
    try patient.update(Ledger.self, "a") { _ in }
    XCTAssertEqual(try patientStore(replica.url).numbers("a"), [1])
  }

  func testG2_G5_aChangeWhoseReplyWasLostIsWaitedFor() throws {
    let primary = try start("repl-diskless-sync-delay 0")
    let replica = try start("replicaof 127.0.0.1 \(primary.port)")
    try waitUntil("the replica follows", within: 30) {
      try replica.information("master_link_status", of: "replication") == "up"
    }
    let proxy = try RedisProxy(to: primary.port)
    let store = try store(proxy.url, waitReplicas: 1, commandTimeout: .seconds(10))
    try store.append(0, to: "a")
    for number in 1...5 {
      proxy.meet(.losesReply)
      try store.append(number, to: "a")
      XCTAssertEqual(try patientStore(replica.url).numbers("a"), Array(0...number))
    }
    XCTAssertEqual(proxy.caught, 5)
  }

  // MARK: - Sentinel

  private func resultOfSentinels(waitReplicas: Int) throws -> Load.Result {
    let primary = try start("repl-diskless-sync-delay 0")
    let replicas = try (0..<2).map { _ in
      try start("replicaof 127.0.0.1 \(primary.port)", "repl-diskless-sync-delay 0")
    }
    for replica in replicas {
      try waitUntil("the replica follows", within: 30) {
        try replica.information("master_link_status", of: "replication") == "up"
      }
    }
    let sentinels = try (0..<3).map { _ in
      try start(
        [
          "sentinel monitor postern 127.0.0.1 \(primary.port) 2",
          "sentinel down-after-milliseconds postern 1000",
          "sentinel failover-timeout postern 10000", "sentinel parallel-syncs postern 2",
        ], arguments: ["--sentinel"])
    }
    func value(_ name: String, of sentinel: RedisServer) throws -> String? {
      let parts = try sentinel.send("SENTINEL", "MASTER", "postern").elements ?? []
      let texts = parts.compactMap(\.string)
      return texts.firstIndex(of: name).map { texts[$0 + 1] }
    }
    for sentinel in sentinels {
      try waitUntil("the sentinels know all", within: 30) {
        try value("num-slaves", of: sentinel) == "2"
          && value("num-other-sentinels", of: sentinel) == "2"
      }
    }
    let hosts = sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
    let stores = try (0..<2).map { _ in
      try store("redis+sentinel://\(hosts)/postern", waitReplicas: waitReplicas)
    }
    let load = Load(stores)
    usleep(2_000_000)
    primary.kill()
    // A sentinel that is lost too is not missed.
    sentinels[0].kill()
    let killed = ContinuousClock.now
    if waitReplicas == replicas.count {
      // The promoted one has too few replicas of its own until the killed one is back.
      try waitUntil("a replica is promoted", within: 40) {
        try value("port", of: sentinels[1]) != "\(primary.port)"
      }
      let port = try XCTUnwrap(value("port", of: sentinels[1]))
      try primary.start()
      try primary.send("REPLICAOF", "127.0.0.1", port)
    }
    return try settle(
      "Sentinel, appendfsync always, WAIT \(waitReplicas)", load, since: killed, in: stores[0])
  }

  /// With fewer than there are, a replica may be promoted that has not confirmed the last changes.
  func testG5_V1_withSentinelsAndAllReplicasWaitedForNothingIsLostWithThePrimary() throws {
    XCTAssertEqual(try resultOfSentinels(waitReplicas: 2).lost, 0)
  }

  func testG5_withSentinelsLossesAreCountedWhereNotAllReplicasAreWaitedFor() throws {
    for count in 0...1 { _ = try resultOfSentinels(waitReplicas: count) }
  }

  // MARK: - Cluster

  /// Three primaries with a replica each.
  private func startCluster() throws -> [RedisServer] {
    let servers = try (0..<6).map { _ in
      try start(
        "cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 2000",
        "cluster-require-full-coverage no", "repl-diskless-sync-delay 0")
    }
    try cluster(["create"] + servers.map { "\($0.host)" } + ["--cluster-replicas", "1"])
    for server in servers {
      try waitUntil("the cluster is there", within: 40) {
        let link = try server.information("master_link_status", of: "replication")
        return try server.send("CLUSTER", "INFO").string?.contains("cluster_state:ok") == true
          && link != "down"
      }
    }
    return servers
  }

  private func cluster(_ arguments: [String]) throws {
    let process = try run("/usr/bin/redis-cli", ["--cluster"] + arguments + ["--cluster-yes"])
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 0, "redis-cli --cluster \(arguments)")
  }

  private func isPrimary(_ server: RedisServer) throws -> Bool {
    try server.information("role", of: "replication") == "master"
  }

  /// The documents that a server has.
  private func keys(of server: RedisServer) throws -> Set<String> {
    let slots = ClusterSlots(try server.send("CLUSTER", "SLOTS"), from: server.host)
    return Set(
      Load.keys.filter { slots[hashSlot(of: Array("postern:ledgers:{\($0)}".utf8))] == server.host }
    )
  }

  private func url(_ servers: [RedisServer]) -> String {
    "redis+cluster://" + servers.map { "\($0.host)" }.joined(separator: ",")
  }

  private func resultOfCluster(waitReplicas: Int) throws -> Load.Result {
    let servers = try startCluster()
    let primaries = try servers.filter(isPrimary)
    XCTAssertEqual(primaries.count, 3)
    let victim = primaries[0]
    let affected = try keys(of: victim)
    XCTAssertGreaterThan(affected.count, 5)
    let stores = try (0..<2).map { _ in
      try store(url(primaries), waitReplicas: waitReplicas, commandTimeout: .seconds(5))
    }
    let load = Load(stores)
    usleep(2_000_000)
    let killed = ContinuousClock.now
    victim.kill()
    if waitReplicas > 0 {
      // The promoted one has no replica of its own until the killed one is back.
      try waitUntil("a replica is promoted", within: 40) {
        try servers.filter { try $0.port != victim.port && isPrimary($0) }.count == 3
      }
      try victim.start()
    }
    let result = try settle(
      "Cluster, appendfsync always, WAIT \(waitReplicas)", load, since: killed, affected,
      in: stores[0])
    // Whose documents are on other servers, notices nothing.
    XCTAssertEqual(
      load.failed(Self.all.subtracting(affected), after: killed), 0, load.reasons)
    return result
  }

  func testG5_V1_V5_withClusterAndWaitNothingIsLostWithAPrimary() throws {
    XCTAssertEqual(try resultOfCluster(waitReplicas: 1).lost, 0)
  }

  func testG5_V5_withClusterAloneLossesAreCounted() throws {
    _ = try resultOfCluster(waitReplicas: 0)
  }

  func testG4_documentsThatMoveToAnotherServerOfTheClusterAreFollowed() throws {
    let servers = try startCluster()
    let primaries = try servers.filter(isPrimary)
    let store = try store(url([primaries[0]]), commandTimeout: .seconds(5))
    let load = Load([store, try self.store(url(primaries), commandTimeout: .seconds(5))])
    let ids = try primaries.map { try XCTUnwrap($0.send("CLUSTER", "MYID").string) }
    let before = try keys(of: primaries[0])
    try cluster([
      "reshard", "\(primaries[0].host)", "--cluster-from", ids[0], "--cluster-to", ids[1],
      "--cluster-slots", "2500",
    ])
    load.stop()
    XCTAssertLessThan(try keys(of: primaries[0]).count, before.count)
    let result = try load.result(store)
    print("Cluster, 2500 slots moved: \(result)\n\(load.reasons)")
    XCTAssertEqual(result.failed, 0, load.reasons)
    XCTAssertEqual(result.lost, 0)
    XCTAssertEqual(result.doubled, 0)
    XCTAssertEqual(Set(try store.keys(of: Ledger.self)), Self.all)
    XCTAssertEqual(try store.checkServers(), [RedisDocumentStore.failoverWarning])
  }
}
