/// Names and labels as Prometheus takes them
/// (<https://prometheus.io/docs/concepts/data_model/>).
enum PrometheusName {
  /// The label of swift-metrics with each odd character as `_`, and with the suffix, if it has not
  /// got it yet.
  static func name(of label: String, suffix: String = "") -> String {
    let name = plain(label)
    return name.hasSuffix(suffix) ? name : name + suffix
  }

  /// Without braces; a name comes once.
  static func labels(of dimensions: [(String, String)]) -> String {
    var names: Set<String> = []
    return dimensions.compactMap { name, value in
      // What begins with two is Prometheus' own, and `le` is the bound of a bucket.
      let name = String(plain(name).drop { $0 == "_" })
      guard !name.isEmpty, name != "le", names.insert(name).inserted else { return nil }
      return "\(name)=\"\(escaped(value))\""
    }.joined(separator: ",")
  }

  private static func plain(_ text: String) -> String {
    let name = String(
      decoding: text.utf8.map { byte -> UInt8 in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          byte
        default: UInt8(ascii: "_")
        }
      }, as: UTF8.self)
    return name.first.map(\.isNumber) ?? true ? "_" + name : name
  }

  private static func escaped(_ value: String) -> String {
    value.unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "\\": text += #"\\"#
      case "\"": text += #"\""#
      case "\n": text += #"\n"#
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
