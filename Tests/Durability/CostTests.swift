import Foundation
import XCTest

/// Counts the instructions of whole requests (callgrind), whatever else the machine is doing.
final class CostTests: XCTestCase {
  private static let lengths = [1, 2, 4, 8, 16].map { $0 * 1000 }

  /// By name, in the order in which they were answered. Counted once for all tests.
  private static let counts = Result { try count() }

  private static func count() throws -> [(name: String, instructions: Int)] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "postern-\(UUID().uuidString.prefix(13))")
    let data = folder.appendingPathComponent("data")
    try FileManager.default.createDirectory(
      at: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    let built = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("CostProbe").path
    let probe = folder.appendingPathComponent("probe").path
    // Debian's valgrind does not read the debug information of Swift's compiler.
    _ = try run("objcopy", "--strip-debug", built, probe)
    let names = try run(
      "valgrind", "--quiet", "--tool=callgrind", "--collect-atstart=no",
      "--toggle-collect=cost_of_request", "--dump-after=cost_of_request",
      "--callgrind-out-file=\(folder.path)/out", probe, data.path
    ).split(separator: "\n").map(String.init)
    return try names.enumerated().map { index, name in
      let file = try XCTUnwrap(FileHandle(forReadingAtPath: "\(folder.path)/out.\(index + 1)"))
      let head = String(decoding: try file.read(upToCount: 4096) ?? Data(), as: UTF8.self)
      let line = head.split(separator: "\n").first { $0.hasPrefix("summary: ") }
      return (name, try XCTUnwrap(line.flatMap { Int($0.dropFirst("summary: ".count)) }, name))
    }
  }

  private static func run(_ program: String, _ arguments: String...) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 0, program)
    return String(decoding: data, as: UTF8.self)
  }

  /// Each byte more costs no more than the bytes before it, whatever they are. Prints, for each place,
  /// the text that costs most, in thousands of instructions of a debug build.
  func testQ1_whatAStrangerSendsCostsNoMoreThanItsLength() throws {
    var rows: [String: (text: String, counts: [Int])] = [:]
    var places: [String] = []
    var costs: [String: [Int]] = [:]
    for (name, instructions) in try Self.counts.get() where name.contains("\t") {
      let parts = name.split(separator: "\t").map(String.init)
      let key = "\(parts[0])\t\(parts[1])"
      costs[key, default: []].append(instructions)
      guard let counts = costs[key], counts.count == Self.lengths.count else { continue }
      XCTAssertTrue(isLinear(counts), "\(parts[0]), \(parts[1]): \(counts)")
      if rows[parts[0]] == nil { places.append(parts[0]) }
      if counts.reduce(0, +) > rows[parts[0]]?.counts.reduce(0, +) ?? 0 {
        rows[parts[0]] = (parts[1], counts)
      }
    }
    XCTAssertGreaterThan(places.count, 35)
    print(row("place", "text", Self.lengths))
    for place in places {
      guard let (text, counts) = rows[place] else { continue }
      print(row(place, text, counts.map { $0 / 1000 }))
    }
  }

  /// From each length to the next, the instructions for a byte are not more than before. Twice as many
  /// would be the square. A text that is too long is refused unread, so it may cost less.
  private func isLinear(_ counts: [Int]) -> Bool {
    let slopes = (1..<counts.count).map { index -> Double in
      let more = counts[index] - counts[index - 1]
      return Double(more) / Double(Self.lengths[index] - Self.lengths[index - 1])
    }
    return slopes.indices.dropFirst().allSatisfy { index in
      let steepest = slopes[..<index].max() ?? 0
      return slopes[index] <= 1.5 * max(0, steepest) + 300
    }
  }

  /// Neither base64 nor a signature's check is of a fixed cost: with either, more bytes cost more.
  func testC4_aTokenThatIsTooLongCostsTheSameWhateverItsLength() throws {
    let counts = try Self.counts.get().filter { $0.name.hasPrefix("long token of ") }
      .map(\.instructions)
    print("tokens of 0.1, 3.5, 6, 60 and 1,000 kB: \(counts)")
    guard counts.count == 5 else { return XCTFail("\(counts)") }
    // Below the limit, length costs.
    XCTAssertGreaterThan(counts[1], counts[0] + 10_000)
    for count in counts[2...] {
      XCTAssertLessThan(count, counts[0] / 2)
      XCTAssertLessThan(abs(count - counts[2]), 1_000)
    }
  }

  /// Where the comparison ended with the first byte that differs, a signature that is wrong at its end
  /// would take 2,400 instructions more, and could be found byte by byte.
  func testT21_aWrongSignatureCostsTheSameWhereverItIsWrong() throws {
    // Of both halves of the signature.
    var halves: [[Int]] = [[], []]
    for (name, instructions) in try Self.counts.get() where name.hasPrefix("other signature at ") {
      let place = try XCTUnwrap(name.split(separator: " ").last.flatMap { Int($0) })
      halves[min(place / 21, 1)].append(instructions)
    }
    XCTAssertGreaterThan(halves.map(\.count).min() ?? 0, 20)
    // The mean: where a token's hash leads to a good one in the cache, both are compared, which costs
    // some hundreds more, wherever it is wrong.
    let costs = halves.map { $0.reduce(0, +) / max(1, $0.count) }
    print("signatures that are wrong in their first and in their second half: \(costs)")
    // Ended by the first wrong byte, the second half would cost 1,200 more.
    XCTAssertLessThan(abs(costs[0] - costs[1]), 600)
  }

  private func row(_ place: String, _ text: String, _ counts: [Int]) -> String {
    let columns = counts.map { count in
      String(String("       \(count)".reversed().prefix(8)).reversed())
    }
    return place.padding(toLength: 46, withPad: " ", startingAt: 0)
      + text.padding(toLength: 12, withPad: " ", startingAt: 0) + columns.joined()
  }

  func testJ2_Q12_anUnknownNameTakesAsManyInstructionsAsAKnownOne() throws {
    func counts(_ name: String) throws -> [Int] {
      try Self.counts.get().filter { $0.name == name }.map(\.instructions)
    }
    let (known, unknown) = (try counts("known name"), try counts("unknown name"))
    XCTAssertEqual(known.count, 5)
    let differences = zip(known, unknown).map { $0 - $1 }.sorted()
    print("refused sign-ins, known name \(known), unknown name \(unknown)")
    // One reading of a user's document takes over 500,000.
    XCTAssertLessThan(abs(differences[2]), 50_000, "\(differences)")
  }
}
