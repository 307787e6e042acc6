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
    /// Which sessions there are.
    case all
  }

  private let place: Place
  private let isReading: Bool
  private let touchesPassword: Bool

  init(_ step: SessionModel.Step) {
    switch (step.operation.request, step.operation.answer) {
    case (.signIn, .passwordWrong), (.changePassword, .passwordWrong):
      (place, isReading, touchesPassword) = (.nothing, true, true)
    case (.signIn, _):
      (place, isReading, touchesPassword) = (.all, false, true)
    case (.refresh(let session, _), .token):
      (place, isReading, touchesPassword) = (.chain(session), false, false)
    case (.refresh(let session, _), .unknown), (.signOut(let session), _),
      (.endOne(let session), .done), (.endOne(let session), .unknown):
      (place, isReading, touchesPassword) = (.session(session), false, false)
    case (.refresh, .tokenWrong):
      // Whether another session is there decides between two texts.
      (place, isReading, touchesPassword) = (.all, false, false)
    case (.refresh, _), (.list, _), (.endOne, _):
      (place, isReading, touchesPassword) = (.all, true, false)
    case (.endOthers, _):
      (place, isReading, touchesPassword) = (.all, false, false)
    case (.changePassword, _):
      let ends = step.isEndOfPasswordChange
      (place, isReading, touchesPassword) = (ends ? .all : .nothing, !ends, true)
    }
  }

  func meets(_ other: Footprint) -> Bool {
    if touchesPassword && other.touchesPassword { return true }
    if isReading && other.isReading { return false }
    switch (place, other.place) {
    case (.nothing, _), (_, .nothing): return false
    case (.chain, .all): return !other.isReading
    case (.all, .chain): return !isReading
    case (.all, _), (_, .all): return true
    case (.chain(let one), .chain(let two)), (.chain(let one), .session(let two)),
      (.session(let one), .chain(let two)), (.session(let one), .session(let two)):
      return one == two
    }
  }
}
