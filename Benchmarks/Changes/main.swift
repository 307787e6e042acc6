import DocumentStore
import Glibc
import PostgreSQLDocumentStore
import RedisDocumentStore

// Changes the documents of 1000 users over and over, as refreshes do, and prints how many a second, and
// the median and the 99th percentile of one in milliseconds:
//   ChangesBenchmark URL THREADS SECONDS
// Makes PostgreSQL's table where it is missing. Without arguments, prints the digest (SHA-1) of the
// script that a Redis server has to know.

guard CommandLine.arguments.count == 4, let threads = Int(CommandLine.arguments[2]),
  let seconds = Double(CommandLine.arguments[3])
else {
  guard CommandLine.arguments.count == 1 else {
    print("usage: ChangesBenchmark [URL THREADS SECONDS]")
    exit(2)
  }
  print(RedisDocumentStore.scriptDigest)
  exit(0)
}

func store(_ url: String) throws -> any DocumentStore {
  guard url.hasPrefix("postgresql:") else { return RedisDocumentStore(try RedisAddress(url)) }
  let store = PostgreSQLDocumentStore(url)
  try store.makeTable()
  return store
}

let changes = Changes(of: try store(CommandLine.arguments[1]))
let times = try changes.times(threads: threads, seconds: seconds).sorted()
guard !times.isEmpty else { exit(1) }
print(Double(times.count) / seconds, times[times.count / 2], times[times.count * 99 / 100])
