import ForeignInput
import HTTPTypes

/// The types of body that are read.
enum BodyType {
  case json, form

  /// - Throws: 415 for another type, character set or content encoding.
  init(of request: Request) throws(HTTPError) {
    let type = MediaType(ofBody: request)
    guard let type, type.parameters["charset", default: "utf-8"] == "utf-8",
      (request.header(.contentEncoding) ?? "identity").bytes.lowercasedASCII
        .elementsEqual("identity".utf8)
    else { throw .unsupportedMediaType }
    switch type.name {
    case "application/json": self = .json
    case "application/x-www-form-urlencoded": self = .form
    default: throw .unsupportedMediaType
    }
  }
}
