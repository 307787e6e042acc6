/// Puts the records of a connection together to requests, one after the other (FastCGI
/// specification §3.3 and §5), for a responder that takes one request at a time.
///
/// Room is made only for bytes that are there, never for a length that was announced, and for no
/// more of them than a request may have. What breaks the rules, or is only good for keeping a
/// program busy, is `broken`.
public struct RequestAssembly: Sendable {
  /// How many parameters a request may have. A web server sends some twenty, and one for each
  /// header.
  public static let parameterLimit = 1_000
  /// How many bytes of names and values, with their lengths: what fits into one record.
  public static let parameterBytesLimit = 65_535
  /// The largest body that a request may have, in bytes.
  public static let bodyLimit = 16 * 1024
  /// How many bytes of parameters and body are read for the sake of an answer, though most of them
  /// are thrown away; with more than that there is none.
  public static let contentLimit = 2 << 20
  /// How many bytes a request may take with its headers and padding, which can be more than a
  /// hundred times its content.
  public static let recordBytesLimit = 8 << 20
  /// How many records that belong to no request are answered before and in each.
  public static let asideLimit = 16
  /// How many bytes of names may be asked for at once; all known ones are 48.
  public static let questionLimit = 512

  public enum Progress: Equatable, Sendable {
    /// More has to come.
    case incomplete
    /// `takeRequest` has a request.
    case complete
    /// No web server sends this: the connection has to be closed.
    case broken
  }

  /// How far the request has come.
  private enum Stage { case idle, parameters, body, complete, broken }
  /// What of a record comes next. The content of a `beginRequest` is a word of eight bytes, too.
  private enum Part { case header, beginning, content, padding }
  /// Where the content of a record belongs.
  private enum Destination { case parameters, body, question, nowhere }

  private var stage = Stage.idle
  private var part = Part.header
  private var destination = Destination.nowhere
  private var word: UInt64 = 0
  private var wordCount = 0
  private var contentLeft = 0
  private var paddingLeft = 0
  private var contentCount = 0
  private var recordBytesCount = 0
  private var asideCount = 0

  private var id: UInt16 = 0
  private var keepsConnection = false
  private var parameters: [UInt8] = []
  private var body: [UInt8] = []
  private var question: [UInt8] = []
  private var fault: RequestFault?
  private var answers: [UInt8] = []
  /// Whether the record is the empty one that ends the parameters or the body.
  private var endsStream = false
  /// Whether there is padding where a library may begin anew to read: behind the record that begins
  /// the request, or one that ends its parameters or its body.
  private var isPadded = false

  public init() {}

  /// Whether nothing of a request, or of what may come between two, has come.
  public var isFresh: Bool { recordBytesCount == 0 }

  /// How many bytes of content are kept.
  public var heldCount: Int { parameters.count + body.count + question.count }

  /// Whether the next byte would be the first of a request, or of a record that belongs to none.
  public var isBetweenRequests: Bool { stage == .idle && part == .header && wordCount == 0 }

  /// Whether the records that were taken are a whole request and nothing else, such as any library
  /// can read: no fault, no record between them that belongs elsewhere, no odd padding.
  public var isPlain: Bool { stage == .complete && asideCount == 0 && fault == nil && !isPadded }

  /// Takes as many of `bytes`, which are the next ones, as belong to the request.
  /// - Returns: also how many those are: all of them, but where the request is complete.
  public mutating func take(_ bytes: Span<UInt8>) -> (progress: Progress, count: Int) {
    var offset = 0
    while offset < bytes.count, stage != .complete, stage != .broken {
      switch part {
      case .header:
        if let word = nextWord(bytes, &offset) { startRecord(RecordHeader(word)) }
      case .beginning:
        if let word = nextWord(bytes, &offset) { beginRequest(word) }
      case .content:
        let end = min(offset + contentLeft, bytes.count)
        keep(bytes.extracting(offset..<end))
        contentLeft -= end - offset
        offset = end
        if contentLeft == 0 { endContent() }
      case .padding:
        let count = min(paddingLeft, bytes.count - offset)
        paddingLeft -= count
        offset += count
        if paddingLeft == 0 { endRecord() }
      }
    }
    recordBytesCount += offset
    if recordBytesCount > Self.recordBytesLimit { stage = .broken }
    return (progress, offset)
  }

  private var progress: Progress {
    switch stage {
    case .idle, .parameters, .body: .incomplete
    case .complete: .complete
    case .broken: .broken
    }
  }

  /// The request, once it is complete. The next one may come then.
  public mutating func takeRequest() -> WholeRequest? {
    guard stage == .complete else { return nil }
    let request = WholeRequest(
      id: id, keepsConnection: keepsConnection, parameters: parameters, body: body, fault: fault)
    startAnew()
    return request
  }

  /// Forgets the request.
  public mutating func startAnew() {
    let answers = takeAnswers()
    self = RequestAssembly()
    self.answers = answers
  }

  /// What has to be sent at once, in front of any other answer.
  public mutating func takeAnswers() -> [UInt8] {
    defer { answers = [] }
    return answers
  }

  // MARK: - Records

  /// The next eight bytes; `nil` where they have not all come.
  private mutating func nextWord(_ bytes: Span<UInt8>, _ offset: inout Int) -> UInt64? {
    if wordCount == 0, bytes.count - offset >= RecordHeader.size {
      defer { offset += RecordHeader.size }
      return UInt64(
        bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    while offset < bytes.count {
      word = word << 8 | UInt64(bytes[offset])
      wordCount += 1
      offset += 1
      if wordCount == RecordHeader.size {
        wordCount = 0
        return word
      }
    }
    return nil
  }

  private mutating func startRecord(_ header: RecordHeader) {
    guard header.version == 1 else { return stage = .broken }
    contentLeft = header.contentLength
    paddingLeft = header.paddingLength
    destination = .nowhere
    if header.id == 0 {
      startRecordOfConnection(header)
    } else if header.type == RecordType.beginRequest {
      guard header.contentLength == RecordHeader.size else { return stage = .broken }
      if stage == .idle {
        id = header.id
        return part = .beginning
      }
      // One that is refused under the id of the request in hand would end that.
      guard header.id != id else { return stage = .broken }
      answer(RecordAnswer.noMultiplexing(id: header.id))
    } else if stage == .idle {
      return stage = .broken
    } else if header.id != id {
      // Of a request that there is not: only its bytes count.
      asideCount = max(asideCount, 1)
    } else {
      startRecordOfRequest(header)
    }
    part = .content
    if contentLeft == 0 { endContent() }
  }

  private mutating func startRecordOfConnection(_ header: RecordHeader) {
    switch header.type {
    case RecordType.getValues where contentLeft <= Self.questionLimit: destination = .question
    case RecordType.unknownType.advanced(by: 1)...: answer(RecordAnswer.unknownType(header.type))
    default: stage = .broken
    }
  }

  private mutating func startRecordOfRequest(_ header: RecordHeader) {
    switch (header.type, stage) {
    case (RecordType.parameters, .parameters): destination = .parameters
    case (RecordType.standardInput, .body): destination = .body
    // An abort, too: nobody waits for an answer any longer.
    default: return stage = .broken
    }
    endsStream = contentLeft == 0
    if endsStream, paddingLeft > 0 { isPadded = true }
  }

  private mutating func endContent() {
    if destination == .question {
      if let values = RecordAnswer.values(question) { answer(values) } else { stage = .broken }
      question = []
    }
    part = .padding
    if paddingLeft == 0 { endRecord() }
  }

  private mutating func endRecord() {
    part = .header
    guard endsStream else { return }
    endsStream = false
    if stage == .body {
      stage = .complete
    } else if stage == .parameters {
      stage = .body
      checkParameters()
    }
  }

  private mutating func answer(_ record: [UInt8]) {
    asideCount += 1
    guard asideCount <= Self.asideLimit else { return stage = .broken }
    answers += record
  }

  // MARK: - The request

  private mutating func beginRequest(_ word: UInt64) {
    let role = word >> 48
    guard role == Self.responder else { return stage = .broken }
    keepsConnection = word >> 40 & 1 == 1
    stage = .parameters
    part = .padding
    if paddingLeft == 0 { endRecord() } else { isPadded = true }
  }

  /// The role of a program that answers requests (§6.2).
  private static let responder: UInt64 = 1

  private mutating func keep(_ bytes: Span<UInt8>) {
    switch destination {
    case .parameters:
      count(bytes)
      guard fault == nil else { return }
      if parameters.count + bytes.count > Self.parameterBytesLimit {
        fault = .tooManyParameters
        parameters = []
      } else {
        parameters.append(bytes)
      }
    case .body:
      count(bytes)
      guard fault == nil else { return }
      if body.count + bytes.count > Self.bodyLimit {
        fault = .tooMuchBody
        body = []
      } else {
        body.append(bytes)
      }
    case .question: question.append(bytes)
    case .nowhere: break
    }
  }

  private mutating func count(_ bytes: Span<UInt8>) {
    contentCount += bytes.count
    if contentCount > Self.contentLimit { stage = .broken }
  }

  private mutating func checkParameters() {
    guard fault == nil else { return }
    switch checkedParameters(parameters.span, limit: Self.parameterLimit) {
    case .good: break
    case .broken: stage = .broken
    case .fault(let found):
      fault = found
      // Where there are only too many, some of them say how the refusal is to be written.
      if found != .tooManyParameters { parameters = [] }
    }
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
  }
}
