import Foundation
import Synchronization

/// Sign-ins, refreshes, reads and sign-outs, on new and on kept connections, until it is finished.
final class Load: Sendable {
  private let answers = Mutex<[String: Int]>([:])
  private let isOver = Mutex(false)
  private let group = DispatchGroup()

  var count: Int { answers.withLock { $0.values.reduce(0, +) } }

  init(_ site: Installation) throws {
    let names = ["alice", "bob", "carol"]
    let tokens = try names.map { try site.login($0).accessToken }
    for number in 0..<8 {
      group.enter()
      let refresh = number < 3 ? try site.login(names[number]).refreshToken : ""
      Thread { [self] in
        var refresh = refresh
        while !isOver.withLock({ $0 }) {
          do {
            switch number {
            case 0..<3:
              let answer = try site.ask(.refresh(refresh))
              note("\(answer.status)")
              if answer.status == 200 { refresh = answer.refreshToken }
            case 3:
              let answer = try site.ask(.login("bob"))
              note("\(answer.status)")
              note(
                "\(try site.ask(.post("/logout", json: ["refreshToken": answer.refreshToken])).status)"
              )
            default:
              note("\(try site.ask(.get("/current-user", bearer: tokens[number % 3])).status)")
            }
          } catch {
            note("\(error)")
          }
        }
        group.leave()
      }.start()
    }
  }

  private func note(_ answer: String) {
    answers.withLock { $0[answer, default: 0] += 1 }
  }

  /// How many answers there were of each status.
  func finish() -> [String: Int] {
    isOver.withLock { $0 = true }
    group.wait()
    return answers.withLock { $0 }
  }
}
