import FastCGI
import ForeignInput
import Foundation

/// Where a stranger's text comes in.
struct Place {
  let name: String
  let request: ([UInt8]) -> IncomingRequest

  private static func post(
    _ path: String, _ body: [UInt8], type: [UInt8] = Array("application/json".utf8),
    headers: [(String, [UInt8])] = [], address: String = "192.0.2.1"
  ) -> IncomingRequest {
    parameters(
      "POST", Array(path.utf8), [("CONTENT_TYPE", type)] + headers, address: address, body: body)
  }

  private static func parameters(
    _ method: String, _ target: [UInt8], _ more: [(String, [UInt8])] = [],
    address: String = "192.0.2.1", body: [UInt8] = []
  ) -> IncomingRequest {
    let pairs: [(String, [UInt8])] = [
      ("REQUEST_METHOD", Array(method.utf8)), ("REQUEST_URI", target),
      ("CONTENT_LENGTH", Array("\(body.count)".utf8)), ("REMOTE_ADDR", Array(address.utf8)),
    ]
    return IncomingRequest(
      parameters: ReceivedParameters(
        (pairs + more).map { (ForeignText($0.0), ForeignText($0.1)) }), body: body)
  }

  static func json(
    _ path: String, _ fields: [String: String], address: String
  ) -> IncomingRequest {
    post(path, (try? Array(JSONEncoder().encode(fields))) ?? [], address: address)
  }

  /// `text` as it stands between the quotation marks of a JSON string.
  private static func escaped(_ text: [UInt8]) -> [UInt8] {
    text.flatMap { byte -> [UInt8] in
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "\t"): [UInt8(ascii: ".")]
      default: [byte]
      }
    }
  }

  private static func object(_ start: String, _ text: [UInt8], _ end: String) -> [UInt8] {
    Array(start.utf8) + escaped(text) + Array(end.utf8)
  }

  static func all(access: String) -> [Place] {
    let bearer = [("HTTP_AUTHORIZATION", Array("Bearer \(access)".utf8))]
    let own = [
      ("HTTP_HOST", Array("a.example".utf8)), ("HTTP_ORIGIN", Array("https://a.example".utf8)),
    ]
    let form = Array("application/x-www-form-urlencoded".utf8)
    let good = Array(#"{"username":"alice","password":"correct horse"}"#.utf8)

    func field(_ path: String, _ name: String, _ rest: String) -> Place {
      Place(name: "\(name) of \(path)") { text in
        post(path, object(#"{\#(rest)"\#(name)":""#, text, #""}"#), headers: bearer)
      }
    }
    func header(_ name: String, _ prefix: String = "") -> Place {
      Place(name: prefix.isEmpty ? name : "\(name) \(prefix)") { text in
        let others = (own + bearer).filter { $0.0 != name }
        return post("/login", good, headers: others + [(name, Array(prefix.utf8) + text)])
      }
    }
    return [
      Place(name: "JSON name") { post("/refresh-token", object(#"{""#, $0, #"":1}"#)) },
      Place(name: "JSON text nobody reads") {
        post("/refresh-token", object(#"{"x":""#, $0, #""}"#))
      },
      field("/refresh-token", "refreshToken", ""),
      field("/refresh-token", "fingerprint", #""refreshToken":"x","#),
      field("/logout", "refreshToken", ""),
      field("/login", "username", #""password":"x","#),
      field("/login", "password", #""username":"alice","#),
      field("/login", "fingerprint", #""username":"alice","password":"correct horse","#),
      field("/login", "device", #""username":"alice","password":"correct horse","#),
      field("/login", "session", #""username":"alice","password":"correct horse","#),
      field("/password", "currentPassword", #""newPassword":"battery staple quay","#),
      field("/password", "newPassword", #""currentPassword":"correct horse","#),
      field("/link", "token", #""newPassword":"battery staple quay","#),
      Place(name: "form name") { post("/refresh-token", $0, type: form) },
      Place(name: "form value") { post("/refresh-token", Array("a=".utf8) + $0, type: form) },
      Place(name: "Content-Type") { post("/login", good, type: $0) },
      Place(name: "Content-Type parameter") { text in
        post("/login", good, type: Array("application/json; ".utf8) + text)
      },
      Place(name: "Content-Type charset") { text in
        post("/login", good, type: Array("application/json; charset=".utf8) + text)
      },
      header("HTTP_CONTENT_ENCODING"), header("HTTP_ACCEPT"),
      header("HTTP_ACCEPT", "application/problem+json, "), header("HTTP_COOKIE"),
      Place(name: "HTTP_COOKIE of /refresh-token") { text in
        post("/refresh-token", Array("{}".utf8), headers: own + [("HTTP_COOKIE", text)])
      },
      header("HTTP_COOKIE", "__Host-device="), header("HTTP_ORIGIN", "https://"),
      header("HTTP_HOST"), header("HTTP_SEC_FETCH_SITE"), header("HTTP_USER_AGENT"),
      header("HTTP_X_UNKNOWN"),
      Place(name: "name of a header") { text in
        parameters("GET", Array("/job-list".utf8), [("HTTP_" + latin1(text), [])])
      },
      Place(name: "name of a parameter") { text in
        parameters("GET", Array("/job-list".utf8), [(latin1(text), [])])
      },
      Place(name: "Authorization") { text in
        parameters("GET", Array("/job-list".utf8), [("HTTP_AUTHORIZATION", text)])
      },
      Place(name: "Bearer") { text in
        let token = Array("Bearer ".utf8) + text
        return parameters("GET", Array("/job-list".utf8), [("HTTP_AUTHORIZATION", token)])
      },
      Place(name: "header of a token") { text in
        let header = Data(object(#"{"alg":"HS256","kid":""#, text, #""}"#)).base64EncodedString()
        let token = Array("Bearer \(header.filter { $0 != "=" }).e30.e30".utf8)
        return parameters("GET", Array("/job-list".utf8), [("HTTP_AUTHORIZATION", token)])
      },
      Place(name: "path") { parameters("GET", Array("/".utf8) + $0) },
      Place(name: "path of a session") { text in
        parameters("DELETE", Array("/sessions/".utf8) + text, bearer)
      },
      Place(name: "query") { parameters("GET", Array("/job-list?".utf8) + $0, bearer) },
      Place(name: "query of /verify") { parameters("GET", Array("/verify?".utf8) + $0, bearer) },
      Place(name: "group of /verify") { text in
        parameters("GET", Array("/verify?group=".utf8) + text, bearer)
      },
      Place(name: "HTTP_COOKIE of /verify") { text in
        parameters("GET", Array("/verify".utf8), [("HTTP_COOKIE", text)])
      },
      Place(name: "cookie of /verify") { text in
        parameters(
          "GET", Array("/verify".utf8), [("HTTP_COOKIE", Array("__Host-refresh=".utf8) + text)])
      },
      Place(name: "method") { parameters(latin1($0), Array("/login".utf8)) },
      Place(name: "CONTENT_LENGTH") { text in
        parameters("GET", Array("/job-list".utf8), [("CONTENT_LENGTH", text)])
      },
      Place(name: "REQUEST_ID") { text in
        parameters("GET", Array("/job-list".utf8), [("REQUEST_ID", text)])
      },
    ]
  }

  private static func latin1(_ bytes: [UInt8]) -> String { ForeignText(bytes).latin1 }
}
