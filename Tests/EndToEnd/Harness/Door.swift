/// A way from HTTP to Postern: a web server, and what starts the processes that answer.
enum Door: String, CaseIterable {
  /// nginx and `postern serve`.
  case nginx
  /// nginx and the one worker of `spawn-fcgi`.
  case spawnFCGI
  /// nginx and `postern serve` on a socket that `systemd-socket-activate` opened.
  case socketActivation
  /// Apache's mod_proxy_fcgi and `postern serve`.
  case apacheProxy
  /// Apache's mod_fcgid, which starts workers.
  case apacheWorkers
  /// Apache's mod_cgid: a process for each request.
  case apacheCGI
  /// lighttpd and `postern serve`.
  case lighttpdSocket
  /// lighttpd's mod_fastcgi, which starts workers.
  case lighttpdWorkers
  /// lighttpd's mod_cgi: a process for each request.
  case lighttpdCGI

  /// Whether each request has a process of its own.
  var isCGI: Bool { [.apacheCGI, .lighttpdCGI].contains(self) }

  /// Whether the web server starts Postern's processes, as its own user.
  var startsProcesses: Bool { isCGI || [.apacheWorkers, .lighttpdWorkers].contains(self) }

  /// Whether a body without a length is read: the web server has to find its length first. Apache does so
  /// only where the body comes at once, or not at all.
  var readsChunkedBodies: Bool { ![.apacheProxy, .apacheWorkers, .apacheCGI].contains(self) }
}
