public import ForeignInput

/// The named texts of a `POST` body, from JSON or from a form.
///
/// For what a stranger may send without a sign-in: the texts stay bytes. Where a type of your own
/// is wanted, see `Request.decode(_:)`.
public struct BodyFields: Sendable {
  private let values: [ForeignText: StrictJSON.Value]

  /// The field's text; `nil` where it is missing or is not a string.
  public subscript(name: ForeignText) -> ForeignText? {
    values[name]?.text
  }

  /// The field's truth value, in a form spelt `true` or `false`; `nil` where it is missing or is
  /// neither.
  public func truth(_ name: ForeignText) -> Bool? {
    switch values[name] {
    case .truth(let value)?: value
    case .text("true")?: true
    case .text("false")?: false
    default: nil
    }
  }

  /// Whether the field is there, as a string or as anything else but `null`.
  public func contains(_ name: ForeignText) -> Bool {
    values[name] != nil
  }

  /// Reads the body of `request`, in UTF-8 without a byte order mark.
  ///
  /// An empty body has no fields. Fields that nobody asks for are ignored.
  /// - Throws: 415 for another type, character set or content encoding; 400 with `message` for
  ///   a body that cannot be parsed, or has a field twice.
  public init(
    of request: Request, unparsable message: String = HTTPError.invalidData.message
  ) throws(HTTPError) {
    let values: [ForeignText: StrictJSON.Value]?
    switch try BodyType(of: request) {
    case .json: values = request.body.isEmpty ? [:] : StrictJSON.object(request.body)
    case .form: values = formPairs(request.body)?.mapValues { .text($0) }
    }
    guard let values else { throw .badRequest(message) }
    self.values = values.filter { $0.value != .null }
  }

  /// Whether the request says that its body is JSON.
  public static func isJSON(_ request: Request) -> Bool {
    MediaType(ofBody: request)?.name == "application/json"
  }
}
