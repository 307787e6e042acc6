import DocumentStore
import FoundationEssentials
import Glibc
import PostgreSQLDocumentStore
import Synchronization

// Changes the documents of as many users as there are connections, each on a thread of its own:
//   PostgreSQLBenchmark URL init
//   PostgreSQLBenchmark URL CONNECTIONS SECONDS
// Prints how many changes a second were answered, and the median and the 99th percentile of one in
// milliseconds.

/// As large as a user's sessions: about 1.5 kB.
struct Sessions: Document {
  static let collection = "sessions"
  var changes = 0
  var entries = (0..<5).map { number in
    Dictionary(
      uniqueKeysWithValues: (0..<5).map { ("field\($0)", "session-\(number)-" + token) })
  }
  var endsAt = Date(timeIntervalSince1970: 2_000_000_000)

  var expiry: Date? { endsAt }
  private static let token = "N2Y4ZDkwYTEtYzNiMi00ZTVkLTg5"
  private var token: String { Self.token }
}

let arguments = CommandLine.arguments
guard arguments.count > 2 else {
  print("usage: PostgreSQLBenchmark URL init | URL CONNECTIONS SECONDS")
  exit(2)
}
let store = PostgreSQLDocumentStore(
  arguments[1], timeout: .seconds(30), statementTimeout: .seconds(30))
if arguments[2] == "init" {
  try store.makeTable()
  for number in 0..<64 { try store.update(Sessions.self, "user-\(number)") { $0 = Sessions() } }
  exit(0)
}
guard arguments.count == 4, let connections = Int(arguments[2]), let seconds = Int(arguments[3])
else { exit(2) }

final class Times: Sendable {
  let all = Mutex<[Double]>([])
}
let times = Times()
let end = ContinuousClock.now + .seconds(seconds)
var threads: [pthread_t] = []
final class Work {
  let number: Int
  init(_ number: Int) { self.number = number }
}
for number in 0..<connections {
  var thread = pthread_t()
  pthread_create(
    &thread, nil,
    { work in
      guard let work else { return nil }
      let number = Unmanaged<Work>.fromOpaque(work).takeRetainedValue().number
      var own: [Double] = []
      do {
        while ContinuousClock.now < end {
          let begin = ContinuousClock.now
          try store.update(Sessions.self, "user-\(number)") {
            $0?.changes += 1
            $0?.endsAt += 1
          }
          own.append((.now - begin) / .milliseconds(1))
        }
      } catch {
        print(error)
        exit(1)
      }
      times.all.withLock { $0 += own }
      return nil
    }, Unmanaged.passRetained(Work(number)).toOpaque())
  threads.append(thread)
}
for thread in threads { pthread_join(thread, nil) }
let all = times.all.withLock { $0.sorted() }
guard !all.isEmpty else { exit(1) }
print(Double(all.count) / Double(seconds), all[all.count / 2], all[all.count * 99 / 100])
