public import Foundation
public import HTTPTypes
public import HandlerKit

extension Request {
  /// A request as the router gets it.
  /// - Parameters:
  ///   - path: as sent, so percent-encoded, without the query.
  ///   - query: as sent, without the `?`.
  ///   - json: becomes the body, with its content type.
  ///   - bearer: an access token.
  public static func make(
    _ method: HTTPRequest.Method,
    _ path: String,
    query: String = "",
    json: [String: Any]? = nil,
    bearer: String? = nil,
    headers: HTTPFields = [:],
    from address: String = "192.0.2.1",
    at time: Date = TestService.now
  ) -> Request {
    var request = Request(
      method: method, path: path, query: query, headers: headers, remoteAddress: address,
      id: "test", time: time)
    if let json {
      request.headers[.contentType] = "application/json"
      request.body = Array((try? JSONSerialization.data(withJSONObject: json)) ?? Data())
    }
    if let bearer { request.headers[.authorization] = "Bearer \(bearer)" }
    return request
  }
}

extension Response {
  /// The body as text.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// The body as a JSON object; empty where it is none.
  public var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
  }

  /// The JSON body as a value; its dates are ISO 8601.
  /// - Throws: `DecodingError` for a body that does not fit.
  public func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return try decoder.decode(type, from: Data(body))
  }
}
