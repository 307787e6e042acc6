import Foundation

extension Installation {
  /// Starts what listens behind the web server; nothing where the web server does that itself.
  func startService() throws {
    switch setup.door {
    case .nginx, .apacheProxy, .lighttpdSocket: try startPostern()
    case .spawnFCGI: try startSpawned()
    case .socketActivation: try startActivated()
    case .apacheWorkers, .apacheCGI: try giveData(to: "www-data")
    case .lighttpdWorkers, .lighttpdCGI: break
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

  private func startSpawned() throws {
    try startOther(
      "/usr/bin/spawn-fcgi",
      ["-n", "-s", socketPath, "-M", "0660", "--", Repository.program(), "worker"])
  }

  /// systemd-socket-activate(1) waits for the first connection, and then becomes postern. It passes no
  /// more of its environment than it is told.
  private func startActivated() throws {
    let settings = environment.flatMap { ["-E", "\($0.key)=\($0.value)"] }
    try startOther(
      "/usr/bin/systemd-socket-activate",
      ["-l", socketPath] + settings + [Repository.program(), "serve"])
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
