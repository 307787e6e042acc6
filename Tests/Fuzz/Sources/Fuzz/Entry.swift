import Foundation

/// The target that the environment names.
private let target: any FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["POSTERN_FUZZ_TARGET"] ?? ""
  guard let type = allTargets.first(where: { $0.name == name }) else {
    fail("POSTERN_FUZZ_TARGET names none of \(allTargets.map { $0.name }.joined(separator: ", "))")
  }
  do { return try type.init() } catch { fail("\(name) cannot begin: \(error)") }
}()

/// Called by libFuzzer once, before all else. Where the environment asks for the names of the targets,
/// or for a target's valid inputs, this is all that is done.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutableRawPointer
) -> Int32 {
  let environment = ProcessInfo.processInfo.environment
  if environment["POSTERN_FUZZ_LIST"] != nil {
    for type in allTargets { print(type.name) }
    exit(0)
  }
  if let folder = environment["POSTERN_FUZZ_SEEDS"] {
    do { try write(target, to: folder) } catch { fail("no seeds: \(error)") }
    exit(0)
  }
  _ = target
  return 0
}

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let begin = processorTime()
  do { try target.run(bytes) } catch { fail("threw \(error)") }
  let used = processorTime() - begin
  if used > .milliseconds(500) { fail("took \(used) of the processor for \(count) bytes") }
  return 0
}

/// The valid inputs, each in a file of the folder, and beside it the words, as libFuzzer reads them.
private func write(_ target: any FuzzTarget, to folder: String) throws {
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  for (number, seed) in try target.seeds().enumerated() {
    try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(number)"))
  }
  let lines = target.words.map { word in
    "\""
      + word.utf8.map { "\\x" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      + "\"\n"
  }
  try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: "\(folder).dict"))
}

private func processorTime() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
