/// Which server of a Redis Cluster has which part of it, as far as servers said.
struct ClusterSlots {
  private var ranges: [(slots: ClosedRange<UInt16>, host: RedisHost)] = []
  /// What moved since.
  private var moved: [UInt16: RedisHost] = [:]

  init() {}

  /// - Parameters:
  ///   - reply: that of `CLUSTER SLOTS`. Each part: first slot, last slot, its primary (address, port,
  ///     …), its replicas.
  ///   - host: who sent it; a server that does not know its own address leaves it out.
  init(_ reply: RedisReply, from host: RedisHost) {
    for part in reply.elements ?? [] {
      guard let part = part.elements, part.count > 2, case .number(let first) = part[0],
        case .number(let last) = part[1], let lower = UInt16(exactly: first),
        let upper = UInt16(exactly: last), lower <= upper, let primary = part[2].elements,
        primary.count > 1, case .number(let port) = primary[1], (1...65_535).contains(port)
      else { continue }
      let name = primary[0].string ?? ""
      ranges.append((lower...upper, RedisHost(name: name.isEmpty ? host.name : name, port: port)))
    }
  }

  var hosts: Set<RedisHost> { Set(ranges.map(\.host)).union(moved.values) }

  subscript(slot: UInt16) -> RedisHost? {
    get { moved[slot] ?? ranges.first { $0.slots.contains(slot) }?.host }
    set { moved[slot] = newValue }
  }

  mutating func forget(_ host: RedisHost) {
    ranges.removeAll { $0.host == host }
    moved = moved.filter { $0.value != host }
  }
}
