import Foundation

extension Installation {
  /// Starts what listens behind the web server; nothing where the web server does that itself.
  func startService() throws {
    switch setup.door {
    case .nginx, .apacheProxy, .lighttpdSocket: try startPostern()
    case .spawnFCGI: try startSpawned()
    case .socketActivation: try startActivated()
    case .apacheWorkers: try giveData(to: "www-data")
    case .apacheCGI:
      try makeKeys()
      try giveData(to: "www-data")
    case .lighttpdWorkers: break
    case .lighttpdCGI: try makeKeys()
    }
  }

  /// The web server of the door, and nothing waited for.
  func runServer(port: UInt16) throws -> ChildProcess {
    let server = WebServer(site: self, port: port, changes: setup.doorChanges)
    return switch setup.door {
    case .nginx, .spawnFCGI, .socketActivation: try runNginx(nginxConfiguration(port: port))
    case .apacheProxy: try server.apache("proxy")
    case .apacheWorkers: try server.apache("fcgid")
    case .apacheCGI: try server.apache("cgi")
    case .lighttpdSocket: try server.lighttpd("socket")
    case .lighttpdWorkers: try server.lighttpd("workers")
    case .lighttpdCGI: try server.lighttpd("cgi")
    }
  }

  /// What `postern serve` does at its first start, and a request does not.
  func makeKeys() throws {
    let (status, output) = try command(["key", "add", "--create", "--no-reload"])
    guard status == 0 else { throw Trouble("key add: \(output)") }
  }

  private func startSpawned() throws {
    try startOther(
      "/usr/bin/spawn-fcgi",
      ["-n", "-s", socketPath, "-M", "0660", "--", Repository.program(), "worker"])
  }

  private func startActivated() throws {
    try startOther("/bin/sh", activation(by: [socketPath]))
  }

  /// What `/bin/sh` runs for `postern serve` on sockets that systemd-socket-activate(1) opened. It waits for
  /// the first connection, then becomes postern, and passes no more of its environment than it is told.
  /// It closes all that it inherits, which Foundation would take for its end.
  func activation(by sockets: [String]) throws -> [String] {
    let script = """
      systemd-socket-activate "$@" & child=$!
      trap 'kill $child' TERM
      wait $child; status=$?
      if [ $status -gt 128 ]; then wait $child; status=$?; fi
      exit $status
      """
    return ["-c", script, "sh"] + sockets.flatMap { ["-l", $0] }
      + environment.flatMap { ["-E", "\($0.key)=\($0.value)"] }
      + [try Repository.program(), "serve"]
  }

  /// A web server of another user starts processes as that user.
  private func giveData(to user: String) throws {
    guard geteuid() == 0 else { return }
    let (status, output) = try runProgram(["chown", "-R", user, data], in: run)
    guard status == 0 else { throw Trouble("chown: \(output)") }
  }
}

extension Installation {
  /// The processes of postern that serve this installation's data, whoever started them.
  var processes: [pid_t] {
    ProcessTable.all().filter { process in
      ProcessTable.text("environ", of: process).contains("POSTERN_DATA=\(data)\0")
        && ProcessTable.text("cmdline", of: process).contains("\0worker")
    }
  }
}
