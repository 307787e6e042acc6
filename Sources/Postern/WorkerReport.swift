import SystemCalls

/// What a worker tells its supervisor: a byte in a pipe.
enum WorkerReport: UInt8 {
  /// It serves.
  case ready = 1
  /// It reacts. Comes again and again where requests have a time limit.
  case alive
  /// It takes no more requests, as it was to end by now, and answers what it has in hand.
  case ending
  /// The same, because it holds a request for too long.
  case stuck
}

/// A worker's end of the pipe.
struct WorkerReports {
  private let pipe: FileDescriptor

  /// - Parameter descriptor: inherited. A supervisor that does not read keeps no worker waiting.
  init(_ descriptor: Int32) throws(SystemCallError) {
    pipe = FileDescriptor(descriptor)
    try System.setNonBlocking(pipe)
  }

  /// Where nobody reads it, the supervisor is gone, or older than this report.
  func send(_ report: WorkerReport) {
    try? System.write([report.rawValue], to: pipe)
  }
}
