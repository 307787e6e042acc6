@testable import FastCGIRecords

/// A number, and what a web server sends over a connection: FastCGI's records.
struct AssemblyTarget: FuzzTarget {
  static let name = "assembly"

  func seeds() -> [[UInt8]] {
    let parameters: [UInt8] = [14, 3] + Array("REQUEST_METHODGET".utf8)
    func begin(_ id: UInt16) -> [UInt8] {
      record(RecordType.beginRequest, id: id, [0, 1, 1, 0, 0, 0, 0, 0])
    }
    let one =
      begin(1) + record(RecordType.parameters, id: 1, parameters)
      + record(RecordType.parameters, id: 1) + record(RecordType.standardInput, id: 1, [1, 2, 3])
      + record(RecordType.standardInput, id: 1)
    let values = record(RecordType.getValues, id: 0, [14, 0] + Array("FCGI_MAX_CONNS".utf8))
    let long: [UInt8] =
      [3, 0x80, 0, 0, 200] + Array("A=B".utf8) + [UInt8](repeating: 7, count: 200)
    let padded: [UInt8] = [1, 4, 0, 1, 0, 2, 5, 0, 1, 0, 65, 9, 9, 9, 9, 9]
    return [
      one, one + one, values + one, begin(1) + begin(2) + record(12, id: 0, [1]),
      begin(1) + padded + record(RecordType.parameters, id: 1)
        + record(RecordType.standardInput, id: 1),
      begin(1) + record(RecordType.parameters, id: 1, long) + record(RecordType.parameters, id: 1)
        + record(RecordType.standardInput, id: 1),
      begin(1) + record(2, id: 1),
    ].map { [3] + $0 }
  }

  let words = [
    "\u{1}\u{1}\0\u{1}\0\u{8}\0\0", "\0\u{1}\u{1}\0\0\0\0\0", "FCGI_MPXS_CONNS", "HTTP_",
  ]

  /// What became of bytes that came in pieces.
  private struct Outcome: Equatable {
    var requests: [WholeRequest] = []
    var answers: [UInt8] = []
    var progress = RequestAssembly.Progress.incomplete
  }

  func run(_ bytes: [UInt8]) {
    let rest = Array(bytes.dropFirst())
    let whole = outcome(rest, pieces: rest.count)
    require(outcome(rest, pieces: 1) == whole, "byte by byte it is something else")
    let size = Int(bytes.first ?? 0) + 1
    require(
      outcome(rest, pieces: size) == whole, "in pieces of \(size) bytes it is something else")
    for request in whole.requests { check(request) }
  }

  private func outcome(_ bytes: [UInt8], pieces size: Int) -> Outcome {
    var assembly = RequestAssembly()
    var outcome = Outcome()
    var rest = bytes[...]
    while !rest.isEmpty, outcome.progress != .broken {
      let piece = Array(rest.prefix(size))
      let (progress, count) = assembly.take(piece.span)
      outcome.progress = progress
      outcome.answers += assembly.takeAnswers()
      require(assembly.heldCount <= 65_535 + 16_384 + 512, "\(assembly.heldCount) bytes are held")
      require(
        count == piece.count || progress != .incomplete, "some are neither taken nor too many")
      rest = rest.dropFirst(count)
      guard progress == .complete else { continue }
      guard let request = assembly.takeRequest() else {
        fail("it is complete, and there is none")
      }
      require(assembly.isFresh && assembly.isBetweenRequests, "the next one has begun")
      outcome.requests.append(request)
    }
    return outcome
  }

  /// The records that are made of a request are that request, and such as any library reads.
  private func check(_ request: WholeRequest) {
    var assembly = RequestAssembly()
    let records = request.records
    let (progress, count) = assembly.take(records.span)
    require(progress == .complete && count == records.count, "its records are no request")
    require(assembly.isPlain, "its records are not plain")
    let again = assembly.takeRequest()
    require(
      again?.parameters == request.parameters && again?.body == request.body
        && again?.id == request.id && again?.fault == nil, "its records are another request")
  }
}
