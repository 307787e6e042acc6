import Glibc

/// One line of figures: a name and its labels, and where its cells are.
struct Series: Sendable {
  enum Kind: UInt64, Sendable {
    /// One cell: a whole number.
    case counter = 1
    /// No cell, but a place in the entry of each process; `first` is its number.
    case gauge
    /// A cell for each bucket, one for what is beyond them, one for the sum.
    case histogram
  }

  let kind: Kind
  /// As Prometheus takes it, such as `postern_http_requests_total`.
  let name: String
  /// The same, such as `route="/login",status="200"`; empty where there are none.
  let labels: String
  let first: Int
}

/// An entry: state, kind, number of the first cell, length of the name and of the labels, and the
/// two as text.
private enum Entry {
  static let state = 0
  static let kind = 8
  static let first = 16
  static let nameLength = 24
  static let labelsLength = 32
  static let text = 40
  static let textLimit = Layout.seriesSize - text

  static let free: UInt64 = 0
  static let inTheMaking: UInt64 = 1
  static let ready: UInt64 = 2
}

extension MetricsSegment {
  static let gaugeLimit = (Layout.processSize - ProcessEntry.gauges) / 8

  /// The series of this name and these labels, made where there is none.
  /// - Returns: `nil` where there is no room, or where the name is one of another kind.
  func series(_ kind: Series.Kind, _ name: String, _ labels: String) -> Series? {
    guard name.utf8.count + labels.utf8.count <= Entry.textLimit else { return nil }
    for index in 0..<Layout.seriesLimit {
      let entry = Layout.series + index * Layout.seriesSize
      if cell(entry + Entry.state).claim(Entry.free, Entry.inTheMaking) {
        return make(entry, kind, name, labels)
      }
      guard let found = series(at: entry, patience: 1000), found.name == name else { continue }
      guard found.kind == kind else { return nil }
      if found.labels == labels { return found }
    }
    return nil
  }

  private func make(
    _ entry: Int, _ kind: Series.Kind, _ name: String, _ labels: String
  ) -> Series? {
    let first: Int
    switch kind {
    case .gauge:
      first = Int(cell(Layout.gaugeCount).add(1))
      guard first < Self.gaugeLimit else { return nil }
    case .counter, .histogram:
      let count = kind == .counter ? 1 : Histogram.cellCount
      first = Int(cell(Layout.cellCount).add(UInt64(count)))
      guard first + count <= Layout.cellLimit else { return nil }
    }
    cell(entry + Entry.kind).value = kind.rawValue
    cell(entry + Entry.first).value = UInt64(first)
    cell(entry + Entry.nameLength).value = UInt64(name.utf8.count)
    cell(entry + Entry.labelsLength).value = UInt64(labels.utf8.count)
    let text = UnsafeMutableRawBufferPointer(
      start: start + entry + Entry.text, count: Entry.textLimit)
    text.copyBytes(from: Array(name.utf8) + Array(labels.utf8))
    cell(entry + Entry.state).publish(Entry.ready)
    return Series(kind: kind, name: name, labels: labels, first: first)
  }

  /// All that there are, in the order in which they were made.
  var allSeries: [Series] {
    var all: [Series] = []
    for index in 0..<Layout.seriesLimit {
      let entry = Layout.series + index * Layout.seriesSize
      if cell(entry + Entry.state).observe() == Entry.free { break }
      if let series = series(at: entry, patience: 0) { all.append(series) }
    }
    return all
  }

  /// - Parameter patience: how often to look again at one that another process is making. That takes
  ///   less than a microsecond, or for ever where the other one has died.
  private func series(at entry: Int, patience: Int) -> Series? {
    var patience = patience
    while cell(entry + Entry.state).observe() != Entry.ready {
      guard patience > 0 else { return nil }
      patience -= 1
      sched_yield()
    }
    let nameLength = Int(cell(entry + Entry.nameLength).value)
    let length = nameLength + Int(cell(entry + Entry.labelsLength).value)
    guard nameLength <= length, length <= Entry.textLimit,
      let kind = Series.Kind(rawValue: cell(entry + Entry.kind).value)
    else { return nil }
    let text = UnsafeRawBufferPointer(start: start + entry + Entry.text, count: length)
    return Series(
      kind: kind,
      name: String(decoding: text[..<nameLength], as: UTF8.self),
      labels: String(decoding: text[nameLength...], as: UTF8.self),
      first: Int(cell(entry + Entry.first).value))
  }

  /// The cell of this number in a row.
  func cell(number: Int, row: Int) -> Cell {
    cell(Layout.cells + row * Layout.rowSize + number * 8)
  }

  /// The sum of the cells of this number.
  func count(ofCell number: Int) -> UInt64 {
    (0..<Layout.rowCount).reduce(0) { $0 &+ cell(number: number, row: $1).value }
  }

  /// The same of cells that hold a `Double`.
  func sum(ofCell number: Int) -> Double {
    (0..<Layout.rowCount).reduce(0) { $0 + cell(number: number, row: $1).number }
  }
}
