import Foundation

/// Runs a program of the system to its end, and returns its status and all that it printed.
func runProgram(
  _ arguments: [String], input: String? = nil, in folder: String
) throws -> (status: Int32, output: String) {
  let child = try ChildProcess(
    "/usr/bin/env", arguments, input: input,
    log: "\(folder)/program-\(UUID().uuidString.prefix(8)).log")
  return (try child.waitForEnd(seconds: 60), child.log)
}
