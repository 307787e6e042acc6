public import Foundation
public import HTTPTypes
public import HandlerKit

extension Request {
  /// A request as the router gets it. `json` becomes the body, with its content type.
  public static func make(
    _ method: HTTPRequest.Method,
    _ path: String,
    json: [String: Any]? = nil,
    bearer: String? = nil,
    headers: HTTPFields = [:],
    from address: String = "192.0.2.1",
    at time: Date = Date(timeIntervalSince1970: 1_800_000_000)
  ) -> Request {
    var request = Request(
      method: method, path: path, headers: headers, remoteAddress: address, id: "test", time: time)
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
}
