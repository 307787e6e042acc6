import Synchronization

/// What all clients together know of one user. They act on the same sessions, so that they meet.
final class KnownUser: Sendable {
  let name: String
  private let state: Mutex<Knowledge>

  struct Knowledge {
    /// The one that is most likely right is the last; the right one is always among them. After a
    /// change without an answer, either of two may be it.
    var passwords: [String]
    /// Those that are thought to live, the latest sign-in last.
    var live: [KnownSession] = []
    /// Some that have ended.
    var ended: [KnownSession] = []
    /// Ids that a list showed.
    var listed: [String] = []
    var changes = 0
    /// Whether the password is being changed: the moment for a sign-in with the old one.
    var isChanging = false
    /// Sign-ins under way. All clients at once would only wait for each other's hashes, and the
    /// order of many is more than a check can try.
    var signIns = 0

    static let mostSignIns = 3
  }

  init(name: String, password: String) {
    self.name = name
    state = Mutex(Knowledge(passwords: [password]))
  }

  func withLock<R>(_ body: (inout Knowledge) -> sending R) -> R {
    state.withLock(body)
  }
}

/// A session and all that a thief and its owner together hold of it.
struct KnownSession: Sendable {
  let id: String
  var access: String
  /// The refresh tokens, the current one last.
  var tokens: [String]
  /// When each of them got a successor, as far as is known.
  var replacedAt: [String: Microseconds] = [:]
}

extension KnownUser.Knowledge {
  mutating func began(_ session: KnownSession) {
    live.append(session)
  }

  /// `token` is what a refresh with `presented` gave.
  mutating func refreshed(_ id: String, with presented: String, to token: String, access: String) {
    guard let index = live.firstIndex(where: { $0.id == id }) else { return }
    live[index].access = access
    if live[index].tokens.last == presented || !live[index].tokens.contains(token) {
      live[index].tokens.removeAll { $0 == token }
      live[index].tokens.append(token)
      live[index].replacedAt[presented] = now()
    }
    while live[index].tokens.count > 40 {
      live[index].replacedAt[live[index].tokens.removeFirst()] = nil
    }
  }

  mutating func ended(_ id: String) {
    guard let index = live.firstIndex(where: { $0.id == id }) else { return }
    ended.append(live.remove(at: index))
    if ended.count > 30 { ended.removeFirst() }
  }

  /// `password` was right, unless it has been changed since.
  mutating func signedIn(with password: String) {
    guard let index = passwords.firstIndex(of: password) else { return }
    passwords.append(passwords.remove(at: index))
  }

  /// - Parameter isSure: whether the change was answered. Until one is, nothing may be forgotten:
  ///   whoever has lost the right password does nothing but sign in with wrong ones.
  mutating func changed(from old: String, to new: String, isSure: Bool) {
    if isSure { passwords = [old] }
    passwords.append(new)
  }
}
