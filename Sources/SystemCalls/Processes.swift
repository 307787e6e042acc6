import CLinux
import Glibc

/// How a child process ended.
public enum ProcessEnd: Equatable, Sendable {
  case exited(status: Int32)
  case killed(signal: Int32)
}

extension System {
  /// posix_spawn(3): starts `path` with no signal blocked, and for its open files nothing but
  /// `descriptors` (index 0 becomes its descriptor 0, and so on) and standard output and error.
  /// Without an index 0 its standard input is `/dev/null`.
  /// - Parameters:
  ///   - name: what the child is called in lists of processes; `nil` for `path`.
  ///   - withheld: names of this process's environment that the child does not get.
  public static func spawn(
    _ path: String, named name: String? = nil, arguments: [String],
    descriptors: [Int32: FileDescriptor] = [:], withheld: [String] = []
  ) throws(SystemCallError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // First aside, to numbers beyond all of these: a target may be the source of another.
    let aside = descriptors.reduce(STDERR_FILENO) { max($0, $1.key, $1.value.number) } + 1
    for (offset, source) in zip(Int32(0)..., descriptors.values) {
      posix_spawn_file_actions_adddup2(&actions, source.number, aside + offset)
    }
    if descriptors[STDIN_FILENO] == nil {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    }
    for (offset, target) in zip(Int32(0)..., descriptors.keys) {
      posix_spawn_file_actions_adddup2(&actions, aside + offset, target)
    }
    // Libraries open files of their own, and not all of them close-on-exec.
    let highest = max(STDERR_FILENO, descriptors.keys.max() ?? 0)
    posix_spawn_file_actions_addclosefrom_np(&actions, highest + 1)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = signalSet([])
    posix_spawnattr_setsigmask(&attributes, &none)
    var standard = signalSet([SIGPIPE, SIGXFSZ, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCHLD])
    posix_spawnattr_setsigdefault(&attributes, &standard)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var words: [UnsafeMutablePointer<CChar>?] =
      ([name ?? path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    var environment = environment(without: withheld)
    let code = posix_spawn(&process, path, &actions, &attributes, &words, &environment)
    guard code == 0 else { throw SystemCallError(call: "posix_spawn", code: code) }
    return process
  }

  /// environ(7), as posix_spawn(3) takes it.
  private static func environment(without names: [String]) -> [UnsafeMutablePointer<CChar>?] {
    var entries: [UnsafeMutablePointer<CChar>?] = []
    var entry = environ
    while let text = entry.pointee {
      if !names.contains(where: { strncmp(text, "\($0)=", $0.utf8.count + 1) == 0 }) {
        entries.append(text)
      }
      entry += 1
    }
    return entries + [nil]
  }

  /// waitpid(2) without waiting: a child that has ended, if there is one.
  public static func endedChild() throws(SystemCallError) -> (process: pid_t, end: ProcessEnd)? {
    var status: Int32 = 0
    let process: pid_t
    do {
      process = try retrying("waitpid") { waitpid(-1, &status, WNOHANG) }
    } catch  where error.code == ECHILD {
      return nil
    }
    guard process != 0 else { return nil }
    let signal = status & 0x7F
    return (process, signal == 0 ? .exited(status: status >> 8 & 0xFF) : .killed(signal: signal))
  }

  /// execve(2): this process goes on with another program, which gets the environment and, of what is
  /// open, standard input, output and error and `kept`, under the same numbers. Returns only to throw.
  /// - Parameters:
  ///   - program: may be open for its path alone (`pin`).
  ///   - name: what the process is called in lists of processes.
  public static func goOn(
    with program: FileDescriptor, named name: String, _ arguments: [String],
    keeping kept: [FileDescriptor]
  ) throws(SystemCallError) {
    for descriptor in kept { try setClosedOnExec(descriptor, false) }
    var words: [UnsafeMutablePointer<CChar>?] = ([name] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    execve("/proc/self/fd/\(program.number)", &words, environ)
    let code = errno
    for descriptor in kept { try setClosedOnExec(descriptor, true) }
    throw SystemCallError(call: "execve", code: code)
  }

  /// fcntl(2): `FD_CLOEXEC`.
  public static func setClosedOnExec(
    _ descriptor: FileDescriptor, _ isClosed: Bool
  ) throws(SystemCallError) {
    try retrying("fcntl") { fcntl(descriptor.number, F_SETFD, isClosed ? FD_CLOEXEC : 0) }
  }

  /// Ends this process after so many seconds, whatever its threads do by then (_exit(2)). One that
  /// ends before is not held up.
  public static func endThisProcess(
    afterSeconds seconds: UInt32, status: Int32
  ) throws(SystemCallError) {
    try startThread {
      var left = seconds
      while left > 0 { left = sleep(left) }
      _exit(status)
    }.detach()
  }

  /// `RLIMIT_NOFILE` (getrlimit(2)): how many descriptors this process may have open.
  public static var descriptorLimit: Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 256 }
    return Int(clamping: limit.rlim_cur)
  }

  /// kill(2). A process that is gone already is no error.
  public static func send(_ signal: Int32, to process: pid_t) {
    kill(process, signal)
  }

  /// pipe2(2), close-on-exec.
  public static func pipe() throws(SystemCallError) -> (
    read: FileDescriptor, write: FileDescriptor
  ) {
    var ends: [Int32] = [-1, -1]
    try retrying("pipe") { pipe2(&ends, O_CLOEXEC) }
    return (FileDescriptor(ends[0]), FileDescriptor(ends[1]))
  }

  /// Memory that holds passwords and keys is never written to a core file (getrlimit(2)).
  public static func forbidCoreFiles() {
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
  }

  /// Nor is it piped to a program that collects core files, which has no such limit (core(5)),
  /// or shown to a tracer: from now on only root may look into this process
  /// (PR_SET_DUMPABLE(2const)).
  public static func forbidDumps() {
    forbidCoreFiles()
    _ = process_control(PR_SET_DUMPABLE, 0)
  }

  /// umask(2): what is made from now on is for its owner alone.
  public static func keepFilesPrivate() {
    umask(0o077)
  }
}
