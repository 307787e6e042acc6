import FoundationEssentials
public import HTTPTypes

/// One HTTP response, whole.
public struct Response: Sendable {
  public var status: HTTPResponse.Status
  public var headers: HTTPFields {
    get { encodedFields.map { HTTPFields($0.fields + ownFields) } ?? ownFields }
    set { (encodedFields, ownFields) = (nil, newValue) }
  }
  public var body: [UInt8]
  /// The id of the session that it was given to, for the log. Not sent.
  public var session: String?

  /// Come before the others.
  private var encodedFields: EncodedFields?
  private var ownFields: HTTPFields

  public init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
    self.status = status
    self.ownFields = headers
    self.body = body
  }

  /// `value` as `application/json`: its keys sorted, so that equal values give equal bytes, and its
  /// dates as ISO 8601 (`2027-01-15T08:00:00Z`).
  public static func json(
    _ value: some Encodable,
    status: HTTPResponse.Status = .ok,
    contentType: String = "application/json"
  ) throws -> Response {
    let body = try JSONCoders.encoder.encode(value)
    return Response(status: status, headers: [.contentType: contentType], body: [UInt8](body))
  }

  /// `text` as `text/plain; charset=utf-8`.
  public static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status,
      headers: plainText,
      body: [UInt8](text.utf8))
  }

  private static let plainText: HTTPFields = [.contentType: "text/plain; charset=utf-8"]
}

extension Response {
  /// The same answer, to be given again and again: with the fields that every answer has, and all
  /// of them encoded once.
  public var encodedOnce: Response {
    var response = self
    response.addFieldsOfEveryAnswer()
    response.encodedFields = EncodedFields(response.headers)
    response.ownFields = [:]
    return response
  }

  mutating func addFieldsOfEveryAnswer() {
    if !has(.xContentTypeOptions) { add(Self.noSniffing) }
    if !has(.cacheControl) { add(Self.noStore) }
  }

  private static let noSniffing = HTTPField(name: .xContentTypeOptions, value: "nosniff")
  private static let noStore = HTTPField(name: .cacheControl, value: "no-store")

  /// Adds a field, and leaves those alone that are encoded.
  mutating func add(_ field: HTTPField) { ownFields.append(field) }

  func has(_ name: HTTPField.Name) -> Bool {
    ownFields.contains(name) || encodedFields?.fields.contains(name) ?? false
  }

  /// Writes each header field as a line, but for `Content-Length`.
  package func appendFields(to bytes: inout [UInt8]) {
    if let encodedFields { bytes += encodedFields.lines }
    ownFields.append(to: &bytes)
  }
}
