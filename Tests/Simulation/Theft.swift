/// A copy of a refresh token in other hands.
public struct Theft: Sendable {
  public enum Loot: String, CaseIterable, Sendable {
    case token = "the token alone"
    /// The browser's whole storage: the attempt that its next request will send, too.
    case everything = "the token and the attempt"
  }

  let loot: Loot
  var token: Token
  var attempt: Int?
  var firstUse: Double?
  var firstSuccess: Double?
  var lastSuccess: Double?
  /// The owner's first success an hour or more after the thief's, beyond any grace.
  var ownerWasIn: Double?
  var ownerIsOut: Double?
  var wasTooLate = false
  var detectedAt: Double?
  /// Both, or only the thief, got in when they must have been told apart.
  var isMissed = false

  static let pause = 3600.0

  mutating func thiefGotIn(at time: Double) {
    firstSuccess = firstSuccess ?? time
    lastSuccess = time
    if let ownerWasIn, time > ownerWasIn + Self.pause { isMissed = true }
    if let ownerIsOut, time > ownerIsOut + Self.pause { isMissed = true }
  }

  mutating func ownerGotIn(at time: Double) {
    guard let lastSuccess, time > lastSuccess + Self.pause else { return }
    ownerWasIn = ownerWasIn ?? time
  }

  func count(in tally: inout TheftTally) {
    if firstUse == nil {
      tally.unused += 1
    } else if let firstSuccess {
      if let detectedAt {
        tally.detected += 1
        tally.times.append(detectedAt - firstSuccess)
      } else if isMissed {
        tally.missed += 1
      } else {
        tally.untold += 1
      }
    } else if detectedAt != nil {
      tally.detectedAtOnce += 1
    } else if wasTooLate {
      tally.tooLate += 1
    } else {
      tally.fendedOff += 1
    }
  }
}
