import CLinux
import Glibc

/// Receives signals through a descriptor (signalfd(2)) instead of handlers.
///
/// The signals are blocked in the calling thread and in all that it starts from then on, so no
/// system call of theirs is ever interrupted.
public final class SignalQueue: Sendable {
  private let queue: FileDescriptor

  public init(_ signals: [Int32]) throws(SystemCallError) {
    var set = signalSet(signals)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let flags = Int32(SFD_CLOEXEC | SFD_NONBLOCK)
    queue = FileDescriptor(try System.retrying("signalfd") { signalfd(-1, &set, flags) })
  }

  public var descriptor: Int32 { queue.number }

  /// The next signal that has come; `nil` when there is none.
  public func next() throws(SystemCallError) -> Int32? {
    var info = signalfd_siginfo()
    do {
      try System.retrying("read") { read(queue.number, &info, MemoryLayout.size(ofValue: info)) }
      return Int32(info.ssi_signo)
    } catch  where error.code == EAGAIN {
      return nil
    }
  }
}

extension System {
  /// Writing to a closed connection or over a file size limit is then an error, not a death.
  public static func ignoreWriteSignals() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Blocks in this thread every signal that can be blocked (pthread_sigmask(3)).
  public static func blockSignals() {
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
  }

  /// poll(2): which of `descriptors` are ready to read or have ended, after at most `milliseconds`
  /// (-1: for ever).
  public static func waitForInput(
    _ descriptors: [Int32], milliseconds: Int32
  ) throws(SystemCallError) -> [Int32] {
    var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    try retrying("poll") { poll(&entries, nfds_t(entries.count), milliseconds) }
    return entries.filter { $0.revents != 0 }.map(\.fd)
  }
}

func signalSet(_ signals: [Int32]) -> sigset_t {
  var set = sigset_t()
  sigemptyset(&set)
  for signal in signals { sigaddset(&set, signal) }
  return set
}
