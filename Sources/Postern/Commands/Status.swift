import ArgumentParser
import FoundationEssentials
import SharedMetrics
import SortedJSON

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the workers of the running service, and what they are doing.",
    discussion: """
      Reads what the processes write into memory that they share, and disturbs none of them. For \
      the user that runs postern serve.

      With --hosts, the services of all hosts of a shared store, which each of them tells the store \
      every ten seconds. One that says nothing for 35 seconds is silent: it is down, or cannot reach \
      the store.

      The exit status is 0 where the service runs, with --hosts on any host, 3 where it does not, and \
      another one where that cannot be told.

        postern status --json
        postern status --hosts
      """)

  @Flag(help: "Print one JSON object. Times are in seconds since 1970, memory is in bytes.")
  var json = false

  @Flag(help: "Show the hosts of a shared store, and not the workers of this one.")
  var hosts = false

  @OptionGroup var settings: SettingsOptions

  func run() throws {
    let configuration = try settings.load()
    if hosts { return try HostTable(configuration, at: Date()).show(asJSON: json) }
    let run = configuration.run
    guard let process = try RunFolder.holder(run), let file = try RunFolder.metricsFile(run) else {
      print(json ? #"{"running":false}"# : "no postern runs in \(run)")
      throw ExitCode(ExitStatus.notRunning.rawValue)
    }
    let segment: MetricsSegment
    do {
      segment = try MetricsSegment(file, isWritable: false)
    } catch is ForeignSegment {
      throw ConfigurationError(
        "process \(process) runs, and is of another version of postern: it cannot be looked into")
    }
    let status = ServiceStatus(of: process, segment, at: Date())
    guard json else { return print(status.text) }
    let bytes = try SortedJSONEncoder().encode(RunningService(status))
    print(String(decoding: bytes, as: UTF8.self))
  }
}

private struct RunningService: Encodable {
  let status: ServiceStatus

  init(_ status: ServiceStatus) { self.status = status }

  func encode(to encoder: any Encoder) throws {
    try status.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(true, forKey: .running)
  }

  private enum CodingKeys: String, CodingKey {
    case running
  }
}
