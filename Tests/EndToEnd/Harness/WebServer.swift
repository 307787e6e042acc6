import Foundation

/// What Apache and lighttpd are started with: a main file as Debian has one, and the files of Deploy with
/// an installation's paths and settings in the place of theirs.
struct WebServer {
  let site: Installation
  let port: UInt16
  /// Directives of Deploy's files to put in the place of others.
  var changes: [String: String] = [:]

  func apache(_ way: String) throws -> ChildProcess {
    let run = site.run
    let modules = [
      "alias", "authz_core", "cgid", "dir", "env", "fcgid", "headers", "mime", "mpm_event", "proxy",
      "proxy_fcgi", "reqtimeout", "rewrite", "unixd",
    ].filter { FileManager.default.fileExists(atPath: Self.module($0)) }
    // Its processes are in the group that may connect to the socket.
    let group = getgid() == 0 && !site.setup.door.startsProcesses ? "root" : "www-data"
    let main = """
      ServerName localhost
      ServerRoot \(run)
      Listen 127.0.0.1:\(port)
      PidFile \(run)/apache.pid
      DefaultRuntimeDir \(run)
      ErrorLog \(run)/apache.log
      User www-data
      Group \(group)
      \(modules.map { "LoadModule \($0)_module \(Self.module($0))" }.joined(separator: "\n"))
      TypesConfig /etc/mime.types
      ScriptSock \(run)/cgid.sock
      FcgidIPCDir \(run)/fcgid
      FcgidProcessTableFile \(run)/fcgid.shm
      <VirtualHost *:\(port)>
      \(try file("apache/postern.conf"))
      \(try file("apache/postern-\(way).conf"))
      </VirtualHost>
      """
    return try start("/usr/sbin/apache2", ["-D", "FOREGROUND", "-f"], main, "apache")
  }

  func lighttpd(_ way: String) throws -> ChildProcess {
    let main = """
      server.bind = "127.0.0.1"
      server.port = \(port)
      server.errorlog = "\(site.run)/lighttpd-error.log"
      \(try file("lighttpd/postern.conf"))
      \(try file("lighttpd/postern-\(way).conf"))
      """
    return try start("/usr/sbin/lighttpd", ["-D", "-f"], main, "lighttpd")
  }

  private func start(
    _ program: String, _ arguments: [String], _ configuration: String, _ name: String
  ) throws -> ChildProcess {
    let path = "\(site.run)/\(name).conf"
    try configuration.replacing(changes).write(toFile: path, atomically: true, encoding: .utf8)
    return try ChildProcess(program, arguments + [path], log: "\(site.run)/\(name)-start.log")
  }

  private func file(_ path: String) throws -> String {
    let program = try Repository.program()
    let folder = URL(fileURLWithPath: program).deletingLastPathComponent().path
    var text = try String(
      contentsOfFile: "\(Repository.folder)/Deploy/\(path)", encoding: .utf8)
    for (old, new) in [
      ("/usr/share/postern/public", "\(Repository.folder)/Public"),
      ("/run/postern/postern.sock", site.socketPath),
      ("/run/lighttpd/postern.sock", "\(site.run)/lighttpd.sock"),
      ("/usr/bin/postern", program), ("\"/usr/bin\"", "\"\(folder)\""),
    ] { text = text.replacingOccurrences(of: old, with: new) }
    for (line, separator) in [
      (#"FcgidInitialEnv NAME "VALUE""#, "\n"), (#"SetEnv NAME "VALUE""#, "\n"),
      (#""NAME" => "VALUE""#, ", "),
    ] {
      func filled(_ name: String, _ value: String) -> String {
        line.replacingOccurrences(of: "NAME", with: name)
          .replacingOccurrences(of: "VALUE", with: value)
      }
      let settings = site.environment.sorted { $0.key < $1.key }.map { filled($0.key, $0.value) }
      text = text.replacingOccurrences(
        of: filled("POSTERN_DATA", "/var/lib/postern"), with: settings.joined(separator: separator))
    }
    return text
  }

  private static func module(_ name: String) -> String {
    "/usr/lib/apache2/modules/mod_\(name).so"
  }
}
