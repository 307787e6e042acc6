import ArgumentParser
import DocumentStore
import Glibc
import SystemCalls
import Tokens

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read the whole store and name what is wrong with it.",
    discussion: """
      Prints one line for each bad document, and changes nothing. The exit status is 1 when \
      anything is bad. May run beside a running service.

        postern check --progress
        postern check --json | jq -r '.faults[].document'

      With --json, one object: good, bad and leftovers are counts, faults has document and fault of \
      each bad one.
      """)

  @Flag(help: "Show how far it is.")
  var progress = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var settings: SettingsOptions

  func run() throws {
    let configuration = try settings.load()
    let documents = try openStore(configuration, ifMissing: .refuse())
    var report = CheckReport()
    var bar = ProgressBar(isShown: progress, total: 0)
    if progress {
      bar.total = storedDocuments.reduce(0) { $0 + ((try? documents.keys(of: $1).count) ?? 0) }
    }
    for type in storedDocuments {
      documents.check(type) { path, finding in
        bar.advance()
        guard let fault = report.note(path, finding), !output.json else { return }
        bar.clear()
        print(fault)
      }
    }
    bar.clear()
    do {
      _ = try configuration.keyFile()
    } catch {
      if let fault = report.note("keys.json", .bad(fault: "\(error)")), !output.json {
        print(fault)
      }
    }
    print(output.json ? try Output.jsonLine(report) : report.summary)
    if report.bad > 0 { throw ExitCode.failure }
  }
}

/// Counts what a check finds.
struct CheckReport: Encodable {
  /// A bad document.
  struct Fault: Encodable, CustomStringConvertible {
    let document, fault: String

    var description: String { "\(document): \(fault)" }
  }

  private(set) var good = 0
  private(set) var bad = 0
  private(set) var leftovers = 0
  private(set) var faults: [Fault] = []

  /// Returns what is bad, if anything is.
  mutating func note(_ path: String, _ finding: DocumentFinding) -> Fault? {
    switch finding {
    case .good:
      good += 1
      return nil
    case .leftover:
      leftovers += 1
      return nil
    case .bad(let fault):
      bad += 1
      faults.append(Fault(document: path, fault: fault))
      return faults.last
    }
  }

  var summary: String {
    let rest = leftovers == 0 ? "" : ", \(leftovers) left over by killed writers (postern sweep)"
    return "\(good) good, \(bad) bad\(rest)"
  }
}
