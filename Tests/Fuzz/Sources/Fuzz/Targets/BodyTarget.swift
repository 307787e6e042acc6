import ForeignInput
import Foundation
import HTTPTypes

@testable import HandlerKit

/// A line with the type of a body, and the body.
struct BodyTarget: FuzzTarget {
  static let name = "body"

  func seeds() -> [[UInt8]] {
    let json = [
      #"{"username":"alice","password":"p\u00e4ss\n","remember":true,"session":null,"n":[1,{"a":2}]}"#,
      #"{"text":"x","number":-12,"flag":false,"date":"2027-01-15T08:00:00.5Z","list":["a"],"nested":{"text":"y"}}"#,
      #"{"a":1e308,"b":-0,"c":"\ud83d\ude00","":""}"#, "{}", "[]", "",
    ].map { "application/json\n" + $0 }
    let forms = [
      "username=alice&password=a+b%20c&remember=true",
      "text=x&number=3&flag=true&date=2027-01-15T08:00:00Z",
      "=&a=&b", "a=%C3%A9",
    ].map { "application/x-www-form-urlencoded; charset=UTF-8\n" + $0 }
    return (json + forms).map { Array($0.utf8) }
  }

  let words = [
    "application/json", "application/x-www-form-urlencoded", "; charset=", "utf-8", "\"", "\\u",
    "\\ud800", "\\udc00", "true", "false", "null", "1e999", "{\"", "\":", "[", "]", "}", "%", "&",
    "=",
    "+", "text", "number", "flag", "date", "list", "nested", "\u{feff}", "e\u{301}", "\u{e9}",
  ]

  func run(_ bytes: [UInt8]) throws {
    let lines = bytes.lines(2)
    var request = Request(method: .post, path: "/")
    request.headers[.contentType] = ForeignText(lines[0]).latin1
    request.body = lines[1]
    let isJSON = BodyFields.isJSON(request)
    do {
      let fields = try BodyFields(of: request)
      if isJSON { check(fields, asJSON: request.body) } else { check(fields, asForm: request.body) }
    } catch {
      require([400, 415].contains(error.status.code), "\(error.status)")
    }
    do {
      _ = try request.decode(Sample.self)
    } catch {
      require([400, 415].contains(error.status.code), "\(error.status)")
    }
  }

  /// Two readers of JSON, and both find the same texts, or one of them finds none at all.
  private func check(_ fields: BodyFields, asJSON body: [UInt8]) {
    // Where two names are equal as `String`, only one of them would be there.
    guard StrictJSON.isReadable(body, longestName: 256),
      let other = try? JSONDecoder().decode([String: Text].self, from: Data(body))
    else { return }
    for (name, text) in other {
      let own = fields[ForeignText(name)]
      require(own == text.text.map { ForeignText($0) }, "\(name) has two readings")
    }
  }

  private func check(_ fields: BodyFields, asForm body: [UInt8]) {
    guard let pairs = formPairs(body) else { fail("a form that was read is none") }
    let again = pairs.map {
      $0.key.bytes.percentEncoded + [UInt8(ascii: "=")] + $0.value.bytes.percentEncoded
    }
    require(
      formPairs(Array(again.joined(separator: [UInt8(ascii: "&")]))) == pairs,
      "encoded again it differs")
    for (name, value) in pairs { require(fields[name] == value, "a field is lost") }
  }

  private struct Text: Decodable {
    let text: String?

    init(from decoder: any Decoder) throws {
      text = try? decoder.singleValueContainer().decode(String.self)
    }
  }

  private struct Sample: Decodable {
    let text: String?
    let number: Int?
    let flag: Bool?
    let date: Date?
    let list: [String]?
    let nested: Nested?

    struct Nested: Decodable {
      let text: String?
    }
  }
}
