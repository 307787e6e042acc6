import Foundation

@testable import Accounts
@testable import JobsModule
@testable import Postern
@testable import RecordFiles

/// `c` or `j`, and then a file that is imported.
struct RecordsTarget: FuzzTarget {
  static let name = "records"

  private let columns = UserRecord.columns + Job.columns.filter { !UserRecord.columns.contains($0) }

  func seeds() -> [[UInt8]] {
    [
      "cusername,email,groups,disabled,password\r\nalice,a@example.com,\"ops,dev\",true,\r\nbob,\"b\"\"@x\",,,p\n",
      "c\u{feff}id,title\n1,\"two\nlines\"\n",
      "j{\"username\":\"alice\",\"email\":\"a@example.com\",\"groups\":[\"ops\"],\"disabled\":false,\"id\":null}\n\n{\"username\":\"b\"}\n",
      "jnot json\n{\"username\":\"c\",\"passwordHash\":\"$2b$12$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
    ].map { Array($0.utf8) }
  }

  var words: [String] {
    columns + [
      "\"", "\"\"", ",", "\r\n", "\n", "{\"", "\":", "true", "false", "null", "$argon2id$",
      "$2b$12$", "pbkdf2_sha256$",
    ]
  }

  func run(_ bytes: [UInt8]) throws {
    let format = bytes.first == UInt8(ascii: "c") ? RecordFormat.csv : .json
    guard let all = try? format.records(in: Array(bytes.dropFirst()), columns: columns) else {
      return
    }
    var read: [Record] = []
    for record in all {
      switch record {
      case .failure(let error): require(error.line > 0, "line \(error.line)")
      case .success(let record):
        read.append(record)
        _ = try? UserImporter.Planned(record, takesPlainPasswords: true)
      }
    }
    try check(read, format)
  }

  private func check(_ records: [Record], _ format: RecordFormat) throws {
    let names = Set(records.flatMap(\.values.keys)).sorted()
    // An empty line is no row, and so is a row with nothing but one empty field.
    guard names.count > 1 || format == .json && !names.isEmpty else { return }
    let lines = try records.flatMap { try format.line($0, columns: names) }
    let again = try format.records(in: format.head(names) + lines, columns: columns)
      .map { try $0.get().values }
    require(again == records.map(\.values), "written and read they differ")
  }
}
