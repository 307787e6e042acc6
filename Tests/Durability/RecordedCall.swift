import Foundation
import Glibc

/// One system call that changed files or synced them, or sent an answer, as strace wrote it down.
enum RecordedCall: Equatable {
  /// A file was opened for writing, and made where there was none. Each opening has its own number.
  case createFile(file: Int, name: String, folder: String)
  case makeFolder(path: String)
  case truncate(file: Int, size: Int)
  case write(file: Int, bytes: [UInt8])
  case syncFile(file: Int)
  case rename(from: String, to: String, folder: String)
  case exchange(one: String, other: String, folder: String)
  case remove(name: String, folder: String)
  case syncFolder(path: String)
  /// An answer that it was done has left.
  case answer
}

/// Makes recorded calls of strace's lines (`-xx`, all strings in hexadecimal).
struct CallReader {
  /// Where descriptors lead: a folder's path relative to the data folder, or a file's number.
  private var folders: [String: String] = [:]
  private var files: [String: Int] = [:]
  private var lastFile = 0

  static let options = [
    "-xx", "-s", "1000000",
    "-e",
    "trace=openat,close,write,fdatasync,fsync,renameat,renameat2,unlinkat,mkdirat,ftruncate,pwrite64",
  ]

  /// - Parameter process: a worker; its open descriptors say which one is the data folder.
  init(process: pid_t, data: String) throws {
    try follow(process, data: data)
  }

  /// Goes on with another worker.
  mutating func follow(_ process: pid_t, data: String) throws {
    (folders, files) = ([:], [:])
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd") {
      let target = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/\(process)/fd/\(name)")
      if target == data { folders[name] = "" }
    }
  }

  mutating func calls(_ lines: [String]) -> [RecordedCall] {
    lines.compactMap { call($0) }
  }

  private mutating func call(_ line: String) -> RecordedCall? {
    guard let open = line.firstIndex(of: "("),
      let equals = line.range(of: ") ", options: .backwards),
      let name = line[..<open].split(separator: " ").last
    else { return nil }
    let arguments = line[line.index(after: open)..<equals.lowerBound]
      .split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    let result =
      line[equals.upperBound...].drop { $0 == "=" || $0 == " " }
      .split(separator: " ").first.map(String.init) ?? ""
    // Neither one that failed nor one that its process did not live to see.
    guard !result.hasPrefix("-"), !result.hasPrefix("?"), let first = arguments.first else {
      return nil
    }
    switch name {
    case "openat": return opened(arguments, result)
    case "close":
      folders[first] = nil
      files[first] = nil
      return nil
    case "write":
      if let file = files[first] { return .write(file: file, bytes: bytes(arguments[1])) }
      return text(arguments[1]).contains("Status: 2") ? .answer : nil
    case "fdatasync": return files[first].map { .syncFile(file: $0) }
    case "fsync":
      return folders[first].map { .syncFolder(path: $0) }
        ?? files[first].map { .syncFile(file: $0) }
    case "ftruncate":
      return files[first].map { .truncate(file: $0, size: Int(arguments[1]) ?? 0) }
    case "renameat", "renameat2":
      return folders[first].map {
        let (one, other) = (text(arguments[1]), text(arguments[3]))
        return arguments.last == "RENAME_EXCHANGE"
          ? .exchange(one: one, other: other, folder: $0)
          : .rename(from: one, to: other, folder: $0)
      }
    case "unlinkat":
      return folders[first].map { .remove(name: text(arguments[1]), folder: $0) }
    case "mkdirat":
      return folders[first].map { .makeFolder(path: joined($0, text(arguments[1]))) }
    default: return nil
    }
  }

  private mutating func opened(_ arguments: [String], _ result: String) -> RecordedCall? {
    guard let parent = folders[arguments[0]] else { return nil }
    let path = joined(parent, text(arguments[1]))
    let flags = arguments[2]
    if flags.contains("O_DIRECTORY") {
      folders[result] = path
      return nil
    }
    guard flags.contains("O_CREAT") || flags.contains("O_WRONLY") else { return nil }
    lastFile += 1
    files[result] = lastFile
    let (folder, name) = split(path)
    return .createFile(file: lastFile, name: name, folder: folder)
  }

  private func bytes(_ literal: String) -> [UInt8] {
    literal.split(separator: "\\x").compactMap { UInt8($0.prefix(2), radix: 16) }
  }

  private func text(_ literal: String) -> String {
    String(decoding: bytes(literal), as: UTF8.self)
  }
}

func joined(_ folder: String, _ name: String) -> String {
  folder.isEmpty ? name : "\(folder)/\(name)"
}

/// `tokens/7c/alice.json` is `tokens/7c` and `alice.json`.
func split(_ path: String) -> (folder: String, name: String) {
  let parts = path.split(separator: "/")
  return (parts.dropLast().joined(separator: "/"), String(parts.last ?? ""))
}

/// Whether a path leads to a document, and not to its spare file, a lock or a folder.
func isDocument(_ path: String) -> Bool {
  path.hasSuffix(".json") && !split(path).name.hasPrefix(".")
}
