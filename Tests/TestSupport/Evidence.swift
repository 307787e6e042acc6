public import Foundation
import Synchronization

/// What processes under test leave behind, kept for `script/check-canaries` where the environment's
/// `POSTERN_TEST_EVIDENCE` names a folder for it. Elsewhere nothing is kept.
public enum Evidence {
  private static let folder = ProcessInfo.processInfo.environment["POSTERN_TEST_EVIDENCE"]

  public static var isKept: Bool { folder != nil }

  /// Moves a folder of logs, documents and temporary files there, or removes it.
  public static func keep(_ path: String) {
    let files = FileManager.default
    if let folder {
      let name = URL(fileURLWithPath: path).lastPathComponent
      try? files.createDirectory(
        atPath: "\(folder)/left", withIntermediateDirectories: true)
      try? files.moveItem(atPath: path, toPath: "\(folder)/left/\(name)")
    }
    try? files.removeItem(atPath: path)
  }

  /// Writes the environments and command lines of processes into a folder that will be kept.
  public static func note(_ processes: [pid_t], in path: String) {
    guard isKept else { return }
    for process in processes {
      for name in ["environ", "cmdline"] {
        let data = FileManager.default.contents(atPath: "/proc/\(process)/\(name)")
        try? data?.write(to: URL(fileURLWithPath: "\(path)/\(name)-\(process)"))
      }
    }
  }

  /// So many tokens are looked for at most.
  private static let limit = 20_000
  private static let noted = Mutex((count: 0, file: FileHandle?.none))

  /// Remembers the tokens in an answer: they are to be found nowhere, not even in part.
  public static func noteTokens(in answer: some Collection<UInt8>) {
    guard let folder else { return }
    let tokens = Array(answer).split(whereSeparator: { !isOfToken($0) })
      .filter { $0.count > 100 && $0.starts(with: "eyJ".utf8) }
      .map { $0.split(separator: UInt8(ascii: ".")) }
      .filter { $0.count == 3 }
    guard !tokens.isEmpty else { return }
    noted.withLock { noted in
      guard noted.count < limit else { return }
      noted.count += tokens.count
      if noted.file == nil {
        let path = "\(folder)/tokens-\(getpid())"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        noted.file = FileHandle(forWritingAtPath: path)
      }
      let lines = tokens.flatMap { [$0[1], $0[2]] }.map { Data($0) + Data("\n".utf8) }
      noted.file?.write(lines.reduce(Data(), +))
    }
  }

  private static func isOfToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }
}
