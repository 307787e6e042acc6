/// What the whole history tells beforehand: it is all there when the check begins.
struct Hindsight {
  private var presenting: [Int: [(number: Int, operation: Operation)]] = [:]
  private var firstTold: [Int: Microseconds] = [:]
  /// The numbers of the operations that were answered with a token.
  private(set) var answered: [Int: [Int]] = [:]
  /// The sessions and tokens that an answer has named by now.
  private(set) var named: Set<Int> = []

  init(_ history: [Operation]) {
    for (number, operation) in history.enumerated() {
      if case .refresh(_, let token) = operation.request {
        presenting[token, default: []].append((number, operation))
      }
      if case .token(_, let token) = operation.answer {
        firstTold[token] = min(firstTold[token] ?? Operation.never, operation.end)
        answered[token, default: []].append(number)
      }
    }
  }

  mutating func note(_ answer: Answer) {
    switch answer {
    case .token(let session, let token): named.formUnion([session, token])
    case .sessions(let ids): named.formUnion(ids)
    default: break
    }
  }

  func isNew(_ name: Int) -> Bool { !named.contains(name) }

  /// Between which times `token` got its successor: some request with it did that, one that was
  /// answered with the successor or not at all, and it did so before the successor was first told.
  ///
  /// Which of them it was makes no difference but for the time. To take the time of them all
  /// together spares the search from telling them apart.
  func replacement(of token: Int, by successor: Int) -> SessionModel.Replaced {
    let told = firstTold[successor] ?? Operation.never
    let earliest = (presenting[token] ?? []).lazy.filter { _, operation in
      switch operation.answer {
      case .token(_, successor), .unknown: operation.start <= told
      default: false
      }
    }.map(\.operation.start).min()
    return SessionModel.Replaced(token: token, earliest: earliest ?? told, latest: told)
  }

  /// The numbers of the operations that may be the ones that replaced the token which this refresh
  /// presented, by another than this refresh was answered with. One that began when that one was
  /// told already is none: then the token was not the current one any more.
  func rivals(of refresh: Operation) -> [Int] {
    guard case .refresh(_, let token) = refresh.request,
      case .token(_, let successor) = refresh.answer
    else { return [] }
    let told = firstTold[successor] ?? Operation.never
    return (presenting[token] ?? []).filter { _, other in
      switch other.answer {
      case .token(_, let another): another != successor && other.start <= told
      case .unknown: other.start <= told
      default: false
      }
    }.map(\.number)
  }
}
