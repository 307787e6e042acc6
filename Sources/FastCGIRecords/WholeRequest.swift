/// A request all of whose records have come.
public struct WholeRequest: Equatable, Sendable {
  /// Never 0.
  public let id: UInt16
  /// Whether the web server wants to keep the connection.
  public let keepsConnection: Bool
  /// Names and values (FastCGI specification §3.4), checked. None where there is a fault with them.
  public let parameters: [UInt8]
  /// None where there is too much of it.
  public let body: [UInt8]
  public let fault: RequestFault?

  /// The request in the fewest records, with no padding and nothing between them.
  public var records: [UInt8] {
    var bytes = record(
      RecordType.beginRequest, id: id, [0, 1, keepsConnection ? 1 : 0, 0, 0, 0, 0, 0])
    bytes.reserveCapacity(bytes.count + parameters.count + body.count + 4 * RecordHeader.size)
    if !parameters.isEmpty { bytes += record(RecordType.parameters, id: id, parameters) }
    bytes += record(RecordType.parameters, id: id)
    if !body.isEmpty { bytes += record(RecordType.standardInput, id: id, body) }
    return bytes + record(RecordType.standardInput, id: id)
  }
}
