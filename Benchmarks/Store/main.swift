import Accounts
import FileDocumentStore
import FoundationEssentials
import Glibc
import Sessions

// Fills a data folder with users, each with one session, every second of which has expired:
//   StoreBenchmark FOLDER FIRST-NUMBER USERS
// Prints how many documents a second this process commits on the way. Without the numbers, measures
// reading and changing one user's documents instead, over and over.

if CommandLine.arguments.count == 2 {
  try measureOneUser(in: CommandLine.arguments[1])
  exit(0)
}
guard CommandLine.arguments.count == 4, let first = Int(CommandLine.arguments[2]),
  let count = Int(CommandLine.arguments[3])
else {
  print("usage: StoreBenchmark FOLDER [FIRST-NUMBER USERS]")
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

func measureOneUser(in folder: String) throws {
  let documents = try FileDocumentStore(path: folder)
  guard let key = try documents.keys(of: User.self).first else { return print("no users") }
  func measure(_ name: String, _ count: Int, _ body: () throws -> Void) rethrows {
    // Old enough to be kept.
    usleep(50_000)
    try body()
    let time = try ContinuousClock().measure { for _ in 0..<count { try body() } }
    print("\(name): \(Int(time / .nanoseconds(count))) ns")
  }
  for _ in 1...3 {
    try measure("read", 200_000) { _ = try documents.read(User.self, key) }
    try measure("read none", 50_000) { _ = try documents.read(User.self, "nobody at all") }
    try measure("update of nothing", 2_000) { try documents.update(User.self, key) { _ in } }
    try measure("update", 2_000) {
      try documents.update(User.self, key) { user in
        user?.passwordGeneration += 1
      }
    }
  }
}
