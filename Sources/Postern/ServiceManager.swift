import FoundationEssentials
import Glibc
import SystemCalls

/// Tells the service manager how the service stands, by the protocol of sd_notify(3): systemd's, for
/// a unit of `Type=notify` or `Type=notify-reload`.
///
/// What cannot be sent is not sent: the service goes on without.
struct ServiceManager {
  /// What the manager put into the environment for this process alone.
  static let environmentNames =
    ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"] + SocketActivation.environmentNames

  private let socket: FileDescriptor
  /// Half of the time within which the manager wants a sign of life; `nil` where it wants none.
  private let watchdogInterval: Duration?
  private var nextSign = ContinuousClock.now
  private var isReady = false
  private var isReloading = false
  private var status = ""

  /// - Returns: `nil` where no manager asks for it, or where it cannot be reached.
  init?(
    environment: [String: String] = ProcessInfo.processInfo.environment, process: pid_t = getpid()
  ) {
    guard let name = environment["NOTIFY_SOCKET"], name.hasPrefix("/") || name.hasPrefix("@"),
      let socket = try? System.datagramSocket(to: name)
    else { return nil }
    self.socket = socket
    // A manager that does not read must not hold the service up for long.
    try? System.setTimeout(seconds: 1, of: socket)
    let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
    let microseconds = environment["WATCHDOG_USEC"].flatMap { Int($0) } ?? 0
    watchdogInterval = isForUs && microseconds > 0 ? .microseconds(microseconds) / 2 : nil
  }

  /// Says what is new, and gives the sign of life that the watchdog waits for while at least one
  /// worker serves.
  /// - Parameters:
  ///   - serving: how many workers do.
  ///   - workers: how many are to.
  mutating func update(serving: Int, of workers: Int, isReloading: Bool) {
    var lines: [String] = []
    if !isReady, serving > 0 {
      lines.append("READY=1")
      isReady = true
    } else if isReady, isReloading != self.isReloading {
      lines +=
        isReloading
        ? ["RELOADING=1", "MONOTONIC_USEC=\(System.monotonicMicroseconds)"] : ["READY=1"]
    }
    self.isReloading = isReloading
    let status = "\(serving) of \(workers) workers serve" + (isReloading ? ", reloading" : "")
    if status != self.status { lines.append("STATUS=\(status)") }
    self.status = status
    if serving > 0, let watchdogInterval, nextSign <= .now {
      lines.append("WATCHDOG=1")
      nextSign = .now + watchdogInterval
    }
    tell(lines)
  }

  /// When the next sign of life is due; `nil` where none is.
  var nextStep: ContinuousClock.Instant? {
    watchdogInterval == nil || !isReady ? nil : max(nextSign, .now + .milliseconds(10))
  }

  func noteStop() { tell(["STOPPING=1", "STATUS=ending what is in hand"]) }

  private func tell(_ lines: [String]) {
    guard !lines.isEmpty else { return }
    try? System.send(Array(lines.joined(separator: "\n").utf8), on: socket)
  }
}
