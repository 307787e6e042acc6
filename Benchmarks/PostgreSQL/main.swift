import DocumentStore
import FoundationEssentials
import Glibc
import PostgreSQLDocumentStore
import Synchronization

// Changes the documents of 1000 users over and over, as refreshes do, and prints how many a second, and
// the median and the 99th percentile of one in milliseconds:
//   PostgreSQLBenchmark URL THREADS SECONDS
// Makes the table and the documents where they are missing.

let users = 1000

/// As large as the sessions of a user with three devices.
struct Ledger: Document {
  static let collection = "ledgers"
  var count = 0
  var text = String(repeating: "x", count: 1450)
  var endsAt = Date(timeIntervalSince1970: 4_000_000_000)

  var expiry: Date? { endsAt }
}

guard CommandLine.arguments.count == 4, let threads = Int(CommandLine.arguments[2]),
  let seconds = Double(CommandLine.arguments[3])
else {
  print("usage: PostgreSQLBenchmark URL THREADS SECONDS")
  exit(2)
}

let store = PostgreSQLDocumentStore(
  CommandLine.arguments[1], timeout: .seconds(30), statementTimeout: .seconds(30))
try store.makeTable()
if try store.keys(of: Ledger.self).count < users {
  for user in 0..<users { try store.update(Ledger.self, "\(user)") { $0 = $0 ?? Ledger() } }
}
let deadline = ContinuousClock.now + .seconds(seconds)
let times = Mutex<[Double]>([])
let failure = Mutex<String?>(nil)
let running = Atomic(threads)

@Sendable func change() {
  var own: [Double] = []
  do {
    while ContinuousClock.now < deadline {
      let key = "\(Int.random(in: 0..<users))"
      let time = try ContinuousClock().measure {
        try store.update(Ledger.self, key) { $0 = Ledger(count: ($0?.count ?? 0) + 1) }
      }
      own.append(time / .milliseconds(1))
    }
  } catch {
    failure.withLock { $0 = "\(error)" }
  }
  times.withLock { $0 += own }
  running.subtract(1, ordering: .sequentiallyConsistent)
}

for _ in 0..<threads {
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { _ in
      change(); return nil
    }, nil)
  pthread_detach(thread)
}
while running.load(ordering: .sequentiallyConsistent) > 0 { usleep(1000) }
if let failure = failure.withLock({ $0 }) {
  print(failure)
  exit(1)
}
let sorted = times.withLock { $0 }.sorted()
guard !sorted.isEmpty else { exit(1) }
print(Double(sorted.count) / seconds, sorted[sorted.count / 2], sorted[sorted.count * 99 / 100])
