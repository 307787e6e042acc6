public import ForeignInput
public import FoundationEssentials
public import HTTPTypes

/// One HTTP request, whole: a handler never waits for more of it.
///
/// `path`, `query` and the values of `headers` have one Unicode scalar for each byte that the client
/// sent, whatever bytes those were (ISO 8859-1, which RFC 9110 §5.5 names for old fields).
public struct Request: Sendable {
  public var method: HTTPRequest.Method
  /// The path as the client sent it, not percent-decoded, without the query: `/login`.
  public var path: String
  /// What stands in the places that the route's path leaves open, percent-decoded: `id` of
  /// `/sessions/{id}`. It may hold any character, `/` too.
  public internal(set) var pathParameters: [String: String] = [:]
  /// What follows the first `?`, as sent; empty when there is none.
  public var query: String
  public var headers: HTTPFields {
    get { madeHeaders ?? receivedHeaders?.all ?? [:] }
    set { madeHeaders = newValue }
  }
  public var body: [UInt8]
  /// The client's address as the web server saw it, such as `203.0.113.7` or `2001:db8::1`.
  public var remoteAddress: String
  /// Names this request in the log and in the answer's `X-Request-Id`.
  public var id: String
  /// When the request arrived. Whatever the request decides, it decides at this time.
  public var time: Date

  private var madeHeaders: HTTPFields?
  private let receivedHeaders: ReceivedHeaders?

  public init(
    method: HTTPRequest.Method,
    path: String,
    query: String = "",
    headers: HTTPFields = [:],
    body: [UInt8] = [],
    remoteAddress: String = "127.0.0.1",
    id: String = "",
    time: Date = Date()
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.madeHeaders = headers
    self.receivedHeaders = nil
    self.body = body
    self.remoteAddress = remoteAddress
    self.id = id
    self.time = time
  }

  /// A request whose headers are read where they lie.
  public init(
    method: HTTPRequest.Method, path: String, query: String, received headers: ReceivedHeaders,
    body: [UInt8], remoteAddress: String, id: String, time: Date
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.receivedHeaders = headers
    self.body = body
    self.remoteAddress = remoteAddress
    self.id = id
    self.time = time
  }

  /// The value of a header, as the bytes that were sent.
  public func header(_ name: HTTPField.Name) -> ForeignText? {
    if let madeHeaders { return madeHeaders[name].map { ForeignText(latin1: $0) } }
    return receivedHeaders?[name]
  }
}
