import ArgumentParser

/// Says what there is to say: where a web server asks, the command line is not read.
struct CGICommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cgi",
    abstract: "Answer the one request that a web server has started this process for.",
    discussion: """
      Any command does that where GATEWAY_INTERFACE is in the environment and standard input is no \
      listening socket, whatever its arguments: by CGI they are the client's. Settings come from \
      /etc/postern/postern.json and the environment, secrets not from the environment; the data \
      folder and its keys must be there. To try it:

        GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=GET REQUEST_URI=/verify postern cgi
      """)

  func run() throws {
    throw ConfigurationError(
      "there is no request: a web server that starts postern by CGI sets GATEWAY_INTERFACE")
  }
}
