import Glibc
import Synchronization
public import SystemCalls

/// Figures that all processes of one service count in, in memory that they share: so a sum over all
/// of them is there at any moment, and stays when one of them ends.
///
/// Nothing in it is locked. A process that dies while it makes a series leaves one place unused.
///
/// `@unchecked Sendable`: its memory is only read and written by atomic operations, but for the text of
/// a series, which is written before the series can be found, and never again.
public final class MetricsSegment: @unchecked Sendable {
  let start: UnsafeMutableRawPointer

  /// Makes an empty one.
  /// - Parameter file: empty. Other processes get it, and open it with `init(_:isWritable:)`.
  /// - Throws: `SystemCallError`, where there is no space for it too.
  public init(making file: FileDescriptor, at time: UInt64) throws(SystemCallError) {
    try System.allocate(file, size: Layout.size)
    start = try System.map(file, size: Layout.size, isWritable: true)
    cell(Layout.startTime).value = time
    cell(Layout.mark).publish(Layout.markOfThisVersion)
  }

  /// Opens one that another process made.
  /// - Throws: `SystemCallError`; `ForeignSegment` for one of another layout.
  public init(_ file: FileDescriptor, isWritable: Bool) throws {
    guard try System.status(of: file).st_size == Layout.size else { throw ForeignSegment() }
    start = try System.map(file, size: Layout.size, isWritable: isWritable)
    guard cell(Layout.mark).value == Layout.markOfThisVersion else { throw ForeignSegment() }
  }

  /// One for this process alone.
  public static func ofThisProcess(at time: UInt64) throws(SystemCallError) -> MetricsSegment {
    try MetricsSegment(making: System.anonymousFile("postern-metrics"), at: time)
  }

  deinit { System.unmap(start, size: Layout.size) }

  /// When it was made, in seconds since 1970.
  public var startTime: UInt64 { cell(Layout.startTime).value }

  func cell(_ offset: Int) -> Cell {
    Cell(place: (start + offset).assumingMemoryBound(to: Atomic<UInt64>.self))
  }
}

/// The segment was made by a program that lays it out otherwise, or is none.
public struct ForeignSegment: Error {}

/// Where things lie, in bytes from the start.
enum Layout {
  static let mark = 0
  static let startTime = 8
  static let cellCount = 16
  static let gaugeCount = 24

  static let processes = 4096
  static let processSize = 256
  /// At most 256 workers, as many successors, and those that are ending.
  static let processLimit = 640

  static let series = processes + processLimit * processSize
  static let seriesSize = 256
  static let seriesLimit = 1024

  static let cells = series + seriesLimit * seriesSize
  static let cellLimit = 16_384
  /// Processes count in rows of their own, as far as there are so many: processors that add to the
  /// same memory wait for each other. A figure is the sum of its cells in all rows.
  static let rowCount = 8
  static let rowSize = cellLimit * 8

  static let size = cells + rowCount * rowSize

  /// To be changed with anything above: another program, after a reload, has to notice.
  static let markOfThisVersion: UInt64 = 0x506f_7374_6572_6e02
}

/// 64 bits that processes share.
struct Cell: @unchecked Sendable {
  fileprivate let place: UnsafeMutablePointer<Atomic<UInt64>>

  var value: UInt64 {
    get { place.pointee.load(ordering: .relaxed) }
    nonmutating set { place.pointee.store(newValue, ordering: .relaxed) }
  }

  /// As a `Double`.
  var number: Double {
    get { Double(bitPattern: value) }
    nonmutating set { value = newValue.bitPattern }
  }

  /// Returns what it was before.
  @discardableResult
  func add(_ amount: UInt64) -> UInt64 {
    place.pointee.wrappingAdd(amount, ordering: .relaxed).oldValue
  }

  /// Adds to it as a `Double`.
  func add(_ amount: Double) {
    var old = value
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let (isExchanged, found) = place.pointee.weakCompareExchange(
        expected: old, desired: new, ordering: .relaxed)
      if isExchanged { return }
      old = found
    }
  }

  /// What was written before this is seen by those who read the value by `observe`.
  func publish(_ new: UInt64) { place.pointee.store(new, ordering: .releasing) }

  func observe() -> UInt64 { place.pointee.load(ordering: .acquiring) }

  /// Sets it if it is `expected`. Returns whether it was.
  func claim(_ expected: UInt64, _ new: UInt64) -> Bool {
    place.pointee.compareExchange(
      expected: expected, desired: new, ordering: .acquiringAndReleasing
    ).exchanged
  }
}
