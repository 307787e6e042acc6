import Foundation
import Simulation

/// A simulation's outcome for people.
struct Report {
  let rule: RuleName
  let tally: Tally
  let took: Duration

  var text: String {
    var lines = [
      "rule: \(rule.rawValue)",
      "device-days: \(Int(tally.deviceDays)), sign-ins: \(tally.signIns)",
      "refreshes: \(tally.refreshes), \(Int(Double(tally.refreshes) / seconds)) a second",
      "accidental sign-outs: \(tally.accidents)",
    ]
    for keeper in Keeper.allCases {
      for isLateCopy in [false, true] {
        guard let count = tally.causes[.init(keeper: keeper, isLateCopy: isLateCopy)] else {
          continue
        }
        let request = isLateCopy ? "a request that was given up, and came late" : "a request"
        lines.append("  tokens in \(keeper.rawValue), by \(request): \(count)")
      }
    }
    lines.append("other sign-outs by the server:")
    lines += Tally.Reason.allCases.map { "  \($0.rawValue): \(tally.reasons[$0] ?? 0)" }
    for loot in Theft.Loot.allCases {
      guard let thefts = tally.thefts[loot] else { continue }
      lines.append("thefts of \(loot.rawValue): \(thefts.count)")
      lines.append("  never used \(thefts.unused), too late \(thefts.tooLate)")
      lines.append(
        "  refused and detected at the first use \(thefts.detectedAtOnce), refused and not noticed \(thefts.fendedOff)"
      )
      lines.append(
        "  got in: detected \(thefts.detected), missed \(thefts.missed), one did not come again \(thefts.untold)"
      )
      lines.append("  until detected: \(times(thefts))")
    }
    return lines.joined(separator: "\n")
  }

  static let tableHead = """
    | Rule | Accidents: late copies, others | In 10⁶ device-days | Thefts detected | Missed | Median, 95 of 100, worst time |
    | --- | ---: | ---: | ---: | ---: | ---: |
    """

  var tableRow: String {
    let lateCopies = tally.causes.filter(\.key.isLateCopy).values.reduce(0, +)
    let rate = Int((Double(tally.accidents) * 1_000_000 / tally.deviceDays).rounded())
    let thefts = tally.allThefts
    var sorted = thefts
    sorted.times.sort()
    let share = thefts.share.map { String(format: "%.1f %%", 100 * $0) } ?? "–"
    let columns = [
      "`\(rule.rawValue)`", "\(lateCopies), \(tally.accidents - lateCopies)", "\(rate)", share,
      "\(thefts.missed) of \(thefts.detectable)", times(sorted),
    ]
    return "| \(columns.joined(separator: " | ")) |"
  }

  private var seconds: Double {
    Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
  }

  private func times(_ thefts: TheftTally) -> String {
    let parts = [0.5, 0.95, 1].map { part in thefts.time(part).map(duration) ?? "–" }
    return parts.joined(separator: ", ")
  }

  private func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<120: String(format: "%.0f s", seconds)
    case ..<7200: String(format: "%.0f min", seconds / 60)
    case ..<172_800: String(format: "%.0f h", seconds / 3600)
    default: String(format: "%.0f days", seconds / 86_400)
    }
  }
}
