import Foundation

/// Mounts an empty disk of this size, such as `1m`, over a folder. Returns whether this user may.
public func mountSmallDisk(_ path: String, size: String) throws -> Bool {
  try run("mount", "-t", "tmpfs", "-o", "size=\(size),mode=0700", "none", path)
}

/// Also where processes still have files of it open.
public func unmount(_ path: String) {
  _ = try? run("umount", "-l", path)
}

private func run(_ arguments: String...) throws -> Bool {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = arguments
  process.standardError = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  return process.terminationStatus == 0
}
