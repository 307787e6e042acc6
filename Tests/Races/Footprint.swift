/// What a step reads and changes, in so far as the order of two steps can matter.
///
/// Two steps that do not meet may change places: each is possible after the other if it was before,
/// and both orders lead to the same state.
struct Footprint {
  private enum Place {
    case nothing
    /// The tokens of one session.
    case chain(Int)
    /// Whether one session is there, and its tokens.
    case session(Int)
    /// Which sessions there are, but only that one more is added.
    case addition
    /// Which sessions there are.
    case all
  }

  private let place: Place
  private let isReading: Bool
  private let touchesPassword: Bool

  /// How many sessions the steps that may come next can begin, and how many they can end, apart
  /// from those that a sign-in ends to make room.
  struct Company {
    var beginning = 0
    var ending = 0

    mutating func add(_ step: SessionModel.Step) {
      switch (step.operation.request, step.operation.answer) {
      case (.signIn, .passwordWrong), (.refresh, .token), (.refresh, .noSession),
        (.changePassword, .passwordWrong), (.list, _), (.endOne, .notFound), (_, .callerEnded):
        break
      case (.signIn, _):
        beginning += 1
      case (.endOthers, _), (.changePassword, _):
        ending += 1_000
      default:
        ending += 1
      }
    }
  }

  /// - Parameter company: all steps that may come next, this one too.
  init(
    _ step: SessionModel.Step, in state: SessionModel.State, among company: Company, limit: Int
  ) {
    let isRoomForAll = state.sessions.count + company.beginning <= limit
    switch (step.operation.request, step.operation.answer) {
    case (.signIn, .passwordWrong), (.changePassword, .passwordWrong):
      (place, isReading, touchesPassword) = (.nothing, true, true)
    case (.signIn, _):
      (place, isReading, touchesPassword) = (isRoomForAll ? .addition : .all, false, true)
    case (.refresh(let session, _), .token):
      (place, isReading, touchesPassword) = (.chain(session), false, false)
    case (.refresh(let session, _), .unknown), (.signOut(let session), _):
      (place, isReading, touchesPassword) = (.session(session), false, false)
    case (_, .callerEnded):
      (place, isReading, touchesPassword) = (.all, true, false)
    case (.endOne, .done), (.endOne, .unknown):
      // Whether the caller's session is there matters, too.
      (place, isReading, touchesPassword) = (.all, false, false)
    case (.refresh(let session, _), .tokenWrong):
      // Whether another session is there decides between two texts.
      let others = state.sessions.count { $0.id != session }
      let isAnotherLeft = isRoomForAll && others > company.ending
      (place, isReading, touchesPassword) = (
        isAnotherLeft ? .session(session) : .all, false, false
      )
    case (.refresh, _), (.list, _), (.endOne, _):
      (place, isReading, touchesPassword) = (.all, true, false)
    case (.endOthers, _):
      (place, isReading, touchesPassword) = (.all, false, false)
    case (.changePassword, _):
      let isEnding = step.part != .changing
      (place, isReading, touchesPassword) = (isEnding ? .all : .nothing, !isEnding, true)
    }
  }

  func meets(_ other: Footprint) -> Bool {
    if touchesPassword && other.touchesPassword { return true }
    if isReading && other.isReading { return false }
    switch (place, other.place) {
    case (.nothing, _), (_, .nothing): return false
    case (.addition, .chain), (.addition, .session), (.chain, .addition), (.session, .addition):
      return false
    case (.addition, _), (_, .addition): return true
    case (.chain, .all): return !other.isReading
    case (.all, .chain): return !isReading
    case (.all, _), (_, .all): return true
    case (.chain(let one), .chain(let two)), (.chain(let one), .session(let two)),
      (.session(let one), .chain(let two)), (.session(let one), .session(let two)):
      return one == two
    }
  }
}
