import Accounts
import FileDocumentStore
import FoundationEssentials
import Glibc
import Sessions

// Fills a data folder with users, each with one session, every second of which has expired:
//   StoreBenchmark FOLDER FIRST-NUMBER USERS
// Prints how many documents a second this process commits on the way.

guard CommandLine.arguments.count == 4, let first = Int(CommandLine.arguments[2]),
  let count = Int(CommandLine.arguments[3])
else {
  print("usage: StoreBenchmark FOLDER FIRST-NUMBER USERS")
  exit(2)
}
let documents = try FileDocumentStore(path: CommandLine.arguments[1])
let users = UserDirectory(documents: documents)
let sessions = SessionStore(documents: documents, policy: SessionPolicy())
let hasher = try PasswordHasher(cost: .least, concurrency: 1)
let hash = try Password("postern-demo").map { try hasher.hash($0) } ?? ""
let now = Date()
let longAgo = now.addingTimeInterval(-100 * 86_400)
let device = Device(fingerprint: nil, userAgent: "benchmark", address: "127.0.0.1")

let time = try ContinuousClock().measure {
  for number in first..<first + count {
    guard let name = Username("user-\(number)") else { continue }
    let user = try users.add(
      name, profile: .init(email: "\(name)@example.com"), passwordHash: hash)
    _ = try sessions.beginSession(
      ofUser: user.id, named: user.username, on: device,
      at: number.isMultiple(of: 2) ? now : longAgo)
  }
}
print("\(2 * count) commits: \(Int(Double(2 * count) / (time / .seconds(1))))/s")
