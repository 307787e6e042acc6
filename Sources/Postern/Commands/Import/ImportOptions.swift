import ArgumentParser
import Glibc
import RecordFiles
import SystemCalls

/// What all imports are told.
struct ImportOptions: ParsableArguments {
  @Argument(help: "The file; - is standard input.", completion: .file())
  var file: String

  @Option(help: "csv or json (one object a line); otherwise by the name of the file.")
  var format: RecordFormat?

  @Flag(help: "Say what would be done, and do nothing.")
  var dryRun = false

  @OptionGroup var settings: SettingsOptions

  func validate() throws {
    guard (format ?? RecordFormat(path: file)) != nil else {
      throw ValidationError("The name of the file does not tell its format: give --format.")
    }
  }

  /// The records of the file, and what is wrong with those that cannot be read.
  func records(columns: [String]) throws -> AnySequence<Result<Record, RecordError>> {
    let source =
      file == "-" ? FileDescriptor(dup(STDIN_FILENO)) : try System.open(file, O_RDONLY)
    var bytes: [UInt8] = []
    while true {
      let part = try System.read(source, limit: Self.portion)
      bytes += part
      if part.count < Self.portion { break }
    }
    return try (format ?? RecordFormat(path: file) ?? .json).records(in: bytes, columns: columns)
  }

  private static let portion = 1 << 20
}
