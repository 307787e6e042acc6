/// Why a request whose records are in order is refused all the same. It has an answer; what is no
/// request at all has none.
public enum RequestFault: Equatable, Sendable {
  /// A name or a value with a byte 0, or a name with `=`: as CGI passes variables, such a one would
  /// be cut, or be another one.
  case badParameters
  /// More parameters, or more bytes of them, than a request may have.
  case tooManyParameters
  /// More body than a request may have.
  case tooMuchBody
}
