import CJansson
import Glibc

/// JSON from outside, in the one reading that it has (RFC 8259).
///
/// UTF-8 without a byte order mark, no comma behind the last member, nothing behind the value. A
/// name that comes twice in an object makes the whole text unreadable, since parsers differ in which
/// of the two counts (RFC 8259 §4); so do a number beyond a double and more than
/// 2,048 levels. Costs time in proportion to the length. Read by jansson.
public enum StrictJSON {
  /// A member's value, as far as anybody asks.
  public enum Value: Equatable, Sendable {
    case text(ForeignText)
    case truth(Bool)
    case null
    /// A number, an array or an object.
    case other

    public var text: ForeignText? {
      if case .text(let text) = self { text } else { nil }
    }
  }

  /// The members of the object that `bytes` are; `nil` for anything else.
  public static func object(_ bytes: some Sequence<UInt8>) -> [ForeignText: Value]? {
    parse(bytes) { root in
      guard root.pointee.type == JSON_OBJECT else { return nil }
      var members: [ForeignText: Value] = [:]
      members.reserveCapacity(json_object_size(root))
      var member = json_object_iter(root)
      while let current = member {
        // No name holds a NUL: jansson refuses those.
        let name = UnsafeRawBufferPointer(
          start: json_object_iter_key(current), count: strlen(json_object_iter_key(current)))
        members[ForeignText(name)] = value(json_object_iter_value(current))
        member = json_object_iter_next(root, current)
      }
      return members
    }
  }

  /// Whether `bytes` are an object or an array that has one reading.
  public static func isReadable(_ bytes: some Sequence<UInt8>) -> Bool {
    parse(bytes) { _ in true } ?? false
  }

  /// Whether `bytes` are an object or an array that has one reading also where names are compared as
  /// `String`, by canonical equivalence: no name has more than `longestName` bytes, and no object
  /// has two names that are equal then, such as U+00E9 and `e` with U+0301.
  public static func isReadable(_ bytes: some Sequence<UInt8>, longestName: Int) -> Bool {
    parse(bytes) { namesDiffer(in: $0, longestName: longestName) } ?? false
  }

  private static func namesDiffer(
    in value: UnsafeMutablePointer<json_t>, longestName: Int
  ) -> Bool {
    switch value.pointee.type {
    case JSON_ARRAY:
      return (0..<json_array_size(value)).allSatisfy { index in
        json_array_get(value, index).map { namesDiffer(in: $0, longestName: longestName) } ?? true
      }
    case JSON_OBJECT:
      var names: Set<String> = []
      var member = json_object_iter(value)
      while let current = member {
        let length = strlen(json_object_iter_key(current))
        guard length <= longestName,
          names.insert(String(cString: json_object_iter_key(current))).inserted,
          json_object_iter_value(current).map({ namesDiffer(in: $0, longestName: longestName) })
            ?? true
        else { return false }
        member = json_object_iter_next(value, current)
      }
      return true
    default: return true
    }
  }

  private static func parse<R>(
    _ bytes: some Sequence<UInt8>, _ body: (UnsafeMutablePointer<json_t>) -> R?
  ) -> R? {
    let flags = Int(JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)
    let root = Array(bytes).withUnsafeBytes { buffer in
      json_loadb(buffer.bindMemory(to: CChar.self).baseAddress, buffer.count, flags, nil)
    }
    guard let root else { return nil }
    defer { json_decref(root) }
    return body(root)
  }

  private static func value(_ value: UnsafeMutablePointer<json_t>?) -> Value {
    switch value?.pointee.type {
    case JSON_STRING?:
      let bytes = UnsafeRawBufferPointer(
        start: json_string_value(value), count: json_string_length(value))
      return .text(ForeignText(bytes))
    case JSON_TRUE?: return .truth(true)
    case JSON_FALSE?: return .truth(false)
    case JSON_NULL?: return .null
    default: return .other
    }
  }
}
