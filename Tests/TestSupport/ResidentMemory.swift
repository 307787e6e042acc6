import Foundation

/// Bytes of memory that this process has.
public func residentMemory() -> Int {
  let parts = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(
    separator: " ")
  return (parts.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * 4096
}
