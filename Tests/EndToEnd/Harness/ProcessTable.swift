import Foundation
import Glibc

/// What `/proc` says of other processes (proc(5)).
enum ProcessTable {
  /// The children of a process, zombies too.
  static func children(of parent: pid_t) -> [pid_t] {
    all().filter { fields(of: $0)?.parent == parent }
  }

  /// The state letter: `Z` for a zombie; `nil` where there is no such process.
  static func state(of process: pid_t) -> String? {
    fields(of: process)?.state
  }

  /// Whether every thread of a process stands still until SIGCONT.
  static func isStopped(_ process: pid_t) -> Bool {
    let threads =
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
    return threads.allSatisfy { fields(of: process, "task/\($0)/stat")?.state == "T" }
  }

  /// What the open descriptors of a process are: `socket:[123]`, `/some/file`.
  static func descriptors(of process: pid_t) -> [Int: String] {
    let folder = "/proc/\(process)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    var open: [Int: String] = [:]
    for name in names {
      guard let number = Int(name),
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")
      else { continue }
      open[number] = target
    }
    return open
  }

  /// The bytes of `/proc/<process>/<name>`, such as `cmdline`.
  static func text(_ name: String, of process: pid_t) -> String {
    // To its end: the file says that it is empty, and some readers stop after a page.
    let file = FileHandle(forReadingAtPath: "/proc/\(process)/\(name)")
    return String(decoding: (try? file?.readToEnd()) ?? Data(), as: UTF8.self)
  }

  static func all() -> [pid_t] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
  }

  private static func fields(
    of process: pid_t, _ name: String = "stat"
  ) -> (state: String, parent: pid_t)? {
    // The name in brackets may hold spaces; what we want follows it.
    let fields = text(name, of: process).split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
    return (String(fields[0]), parent)
  }
}
