/// What a web server sends, and what becomes of that when it goes wrong: the same sessions for the same
/// seed.
public struct FuzzedSessions {
  public struct Session: Sendable {
    /// What is sent at once, one after the other.
    public let pieces: [[UInt8]]
    /// Whether the peer says that nothing more comes, and waits for the end; it closes at once if not.
    public let waitsForEnd: Bool
  }

  private var random: SeededGenerator
  private let path: String

  /// - Parameter path: one that answers at once.
  public init(seed: UInt64, path: String) {
    random = SeededGenerator(seed: seed)
    self.path = path
  }

  public mutating func next() -> Session {
    var bytes: [UInt8]
    if chance(50) {
      bytes = noise(number(0...2_000))
    } else {
      var records = session()
      for _ in 0..<number(0...3) { change(&records) }
      bytes = records.flatMap(\.bytes)
      for _ in 0..<number(0...3) { change(&bytes) }
    }
    return Session(pieces: pieces(bytes), waitsForEnd: chance(2))
  }

  // MARK: - What is in order

  private mutating func session() -> [FastCGIRecord] {
    (0..<number(1...3)).flatMap { _ in request() }
  }

  private mutating func request() -> [FastCGIRecord] {
    let id = chance(4) ? UInt16(number(1...65_535)) : 1
    let body = chance(2) ? [] : noise(chance(20) ? number(0...40_000) : number(0...200))
    var pairs = [
      ("REQUEST_METHOD", body.isEmpty ? "GET" : "POST"), ("REQUEST_URI", path),
      ("CONTENT_LENGTH", body.isEmpty ? "" : "\(body.count)"), ("REMOTE_ADDR", "192.0.2.1"),
    ]
    for index in 0..<number(0...5) {
      pairs.append(("HTTP_X\(index)", String(repeating: "v", count: number(0...300))))
    }
    if chance(100) {
      pairs = (0..<number(900...2_000)).map { ("HTTP_X\($0)", "") }
    }
    var records = [FastCGIRecord.begin(keep: !chance(8), id: id)]
    if chance(10) {
      let names = ["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"]
      let asked = (0..<number(0...40)).map { (names[$0 % 3], "") }
      records.insert(
        FastCGIRecord(.getValues, FastCGIRecord.pairs(asked), id: 0), at: number(0...1))
    }
    records += inRecords(.parameters, FastCGIRecord.pairs(pairs), id)
    records += inRecords(.standardInput, body, id)
    return records
  }

  private mutating func inRecords(
    _ kind: FastCGIRecord.Kind, _ bytes: [UInt8], _ id: UInt16
  ) -> [FastCGIRecord] {
    var records: [FastCGIRecord] = []
    var rest = bytes[...]
    let most = chance(3) ? 7 : 60_000
    while !rest.isEmpty, records.count < 200 {
      let count = number(1...most)
      records.append(
        FastCGIRecord(
          kind, Array(rest.prefix(count)), id: id, padding: chance(3) ? number(0...255) : 0))
      rest = rest.dropFirst(count)
    }
    return records + [FastCGIRecord(kind, id: id)]
  }

  // MARK: - What is not

  private mutating func change(_ records: inout [FastCGIRecord]) {
    guard !records.isEmpty else { return }
    let index = number(0...(records.count - 1))
    switch number(0...7) {
    case 0: records.remove(at: index)
    case 1: records.insert(records[index], at: number(0...records.count))
    case 2: records.swapAt(index, number(0...(records.count - 1)))
    case 3: records[index].kind = UInt8(number(0...255))
    case 4: records[index].id = UInt16(number(0...3))
    case 5: records[index].version = UInt8(number(0...255))
    case 6: records[index].content = noise(number(0...100))
    default: records.insert(FastCGIRecord(.abortRequest), at: index)
    }
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let index = number(0...(bytes.count - 1))
    switch number(0...5) {
    case 0: bytes[index] ^= 1 << UInt8(number(0...7))
    case 1: bytes.removeSubrange(index...)
    case 2: bytes.removeSubrange(index..<min(index + number(1...40), bytes.count))
    case 3: bytes.insert(contentsOf: noise(number(1...40)), at: index)
    case 4:
      // A length of four bytes.
      let end = min(index + 4, bytes.count)
      bytes.replaceSubrange(index..<end, with: [UInt8(number(0x80...0xff))] + noise(3))
    default: bytes[index] = UInt8(number(0...255))
    }
  }

  private mutating func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
    guard bytes.count > 1, chance(2) else { return [bytes] }
    var cuts = (0..<number(1...4)).map { _ in number(1...(bytes.count - 1)) }.sorted()
    cuts.append(bytes.count)
    var start = 0
    return cuts.map { end in
      defer { start = end }
      return Array(bytes[start..<end])
    }
  }

  // MARK: - Choices

  /// One time in so many.
  private mutating func chance(_ times: Int) -> Bool {
    Int.random(in: 0..<times, using: &random) == 0
  }

  private mutating func number(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &random)
  }

  private mutating func noise(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
    }
    return Array(bytes.prefix(count))
  }
}

extension FastCGIClient {
  /// Sends a session.
  /// - Returns: `false` where the peer does not close the connection in time though nothing more comes.
  public static func run(_ session: FuzzedSessions.Session, path: String) throws -> Bool {
    let client = try FastCGIClient(path: path)
    for piece in session.pieces where !client.send(piece) { break }
    guard session.waitsForEnd else { return true }
    client.endSending()
    return client.endsAtLast()
  }
}
