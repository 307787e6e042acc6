/// Records that answer others at once, without any request being answered.
enum RecordAnswer {
  /// Says of this program what was asked (§4.1): each of the names that it knows once, however often
  /// it is asked for.
  /// - Parameter question: names, with values that mean nothing.
  /// - Returns: `nil` where that are no names and values.
  static func values(_ question: [UInt8]) -> [UInt8]? {
    var pairs = NameValuePairs(question.count)
    var unsaid = knownValues
    var answer: [UInt8] = []
    while let pair = pairs.next(in: question.span) {
      let name = question[pair.name]
      guard let index = unsaid.firstIndex(where: { name.elementsEqual($0.name.utf8) }) else {
        continue
      }
      let (known, value) = unsaid.remove(at: index)
      answer += [UInt8(known.utf8.count), 1] + Array(known.utf8) + [value]
    }
    return pairs.isBroken ? nil : record(RecordType.getValuesResult, id: 0, answer)
  }

  /// One request at a time on a connection, and no word on how many connections.
  private static let knownValues: [(name: String, value: UInt8)] = [
    ("FCGI_MAX_CONNS", UInt8(ascii: "1")), ("FCGI_MAX_REQS", UInt8(ascii: "1")),
    ("FCGI_MPXS_CONNS", UInt8(ascii: "0")),
  ]

  /// A record about the connection has a type that this program does not know (§4.2).
  static func unknownType(_ type: UInt8) -> [UInt8] {
    record(RecordType.unknownType, id: 0, [type, 0, 0, 0, 0, 0, 0, 0])
  }

  /// A request came while another one on its connection has not ended (§5.5, `FCGI_CANT_MPX_CONN`).
  static func noMultiplexing(id: UInt16) -> [UInt8] {
    record(RecordType.endRequest, id: id, [0, 0, 0, 0, 1, 0, 0, 0])
  }
}
