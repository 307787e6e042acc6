import Execution
import FastCGI
import ForeignInput
import Foundation
import HandlerKit
import TestSupport

// Answers one request after the other, each with foreign text of some length at some place, and
// prints their names. Run by CostTests under callgrind, which counts the instructions of each.

let folder = CommandLine.arguments[1]
let lengths = [1, 2, 4, 8, 16].map { $0 * 1000 }
// All on one thread: the main one would end in top-level code that waits.
let house = try ThreadExecutor.run { try await TestHouse(folder: folder, isThrottled: true) }
try house.addUser("alice")
let executor = ThreadExecutor()

/// What callgrind counts: all that is done for one request, from the parameters to the answer.
@_cdecl("cost_of_request") @inline(never)
func answer() {
  if let token {
    _ = try? house.tokens.verifyAccessToken(token, at: TestHouse.now)
    return
  }
  guard let request = try? current.decoded(at: TestHouse.now) else { return }
  let router = house.router
  _ = executor.run { await router.respond(to: request).encoded(to: .get) }
}

/// Sign-ins that are told apart by nothing but whether there is such a user.
func signIn(_ name: String, address: String) -> IncomingRequest {
  Place.json("/login", ["username": name, "password": "wrong horse"], address: address)
}

/// Called as C calls it: callgrind knows no name that begins with `$`.
let costOfRequest: @convention(c) () -> Void = answer

/// An access token to be verified, in the place of a request.
nonisolated(unsafe) var token: ForeignText?
nonisolated(unsafe) var current = signIn("warm-up", address: "192.0.2.1")

func measure(_ name: String, _ request: IncomingRequest) {
  current = request
  print(name)
  costOfRequest()
}

let access = try ThreadExecutor.run { await house.login("alice").accessToken }
for number in 0..<3 {
  // What is made at the first use is not counted.
  current = signIn("warm-up", address: "192.0.2.1\(number)")
  measure("warm-up", current)
}
// Nor is the first reading of their documents.
for (number, name) in ["alice", "alicf"].enumerated() {
  measure("warm-up", signIn(name, address: "192.0.2.2\(number)"))
}
for number in 0..<5 {
  measure("known name", signIn("alice", address: "198.51.100.1\(number)"))
  measure("unknown name", signIn("alicf", address: "198.51.100.2\(number)"))
}
for place in Place.all(access: access) {
  measure("warm-up", place.request(WorstText.allCases[0].bytes(lengths[0])))
  for text in WorstText.allCases {
    for length in lengths {
      measure("\(place.name)\t\(text)\t\(length)", place.request(text.bytes(length)))
    }
  }
}
// Tokens whose header is that of one of ours, so that all that is wrong with them is behind it.
for (number, size) in [100, 100, 3_500, 6_000, 60_000, 1_000_000].enumerated() {
  let parts = access.split(separator: ".")
  token = ForeignText("\(parts[0]).\(String(repeating: "A", count: size)).\(parts[2])")
  print(number == 0 ? "warm-up" : "long token of \(size)")
  costOfRequest()
}
// Ones of which a single character of the signature is another one of its kind, from its first to its
// last; more than once, for what callgrind counts beside the comparison.
let parts = access.split(separator: ".").map { Array($0.utf8) }
let places = parts[2].indices.dropLast().filter { index in
  // The lowest bit leads to another digit, and from these letters to another letter of their case.
  "0123456789BCDEFGHIJKLMNOPQRSTUVWXYbcdefghijklmnopqrstuvwxy".utf8.contains(parts[2][index])
}
for _ in 0..<3 {
  for place in places {
    var signature = parts[2]
    signature[place] ^= 1
    token = ForeignText(parts[0] + [0x2E] + parts[1] + [0x2E] + signature)
    print("other signature at \(place)")
    costOfRequest()
  }
}
