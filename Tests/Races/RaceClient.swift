import Glibc
import TestSupport

/// One of the clients: does one thing after another with users whom others use too, and keeps
/// what it saw.
final class RaceClient {
  private let number: Int
  private let users: [KnownUser]
  private let names: Names
  private let connection: RaceConnection
  private let grace: Microseconds
  private let delay: Microseconds
  private var random: SeededGenerator
  /// Of each user, in the order of `users`.
  private(set) var histories: [[Operation]]
  private(set) var operations = 0

  init(
    number: Int, users: [KnownUser], names: Names, socketPath: String, grace: Microseconds,
    delay: Microseconds, seed: UInt64
  ) {
    self.number = number
    self.users = users
    self.names = names
    self.grace = grace
    self.delay = delay
    connection = RaceConnection(path: socketPath)
    random = SeededGenerator(seed: seed &+ UInt64(number))
    histories = users.map { _ in [] }
  }

  /// Mostly with a user of its own choice, which it shares with some others; now and then with any.
  func actOnce() throws {
    let own = number % users.count
    try act(on: chance(80) ? own : users.indices.randomElement(using: &random) ?? own)
  }

  private func act(on user: Int) throws {
    let known = users[user].withLock { $0 }
    if known.isChanging && chance(30) { return try signIn(user, known) }
    guard let session = choose(known.live) else { return try signIn(user, known) }
    switch Int.random(in: 0..<1_000, using: &random) {
    case ..<620:
      try refresh(user, session, session.tokens[session.tokens.count - 1])
    case ..<780: try refresh(user, session, replaced(session))
    case ..<790:  // Reuse.
      let isOver = { (token: String) in
        session.replacedAt[token].map { now() - $0 > self.grace } ?? false
      }
      if let old = session.tokens.filter(isOver).suffix(4).randomElement(using: &random) {
        try refresh(user, session, old)
      }
    case ..<870: try list(user, session)
    case ..<960:  // Whoever has ended stays so.
      guard let ended = known.ended.randomElement(using: &random) else { return }
      try chance(80)
        ? refresh(user, ended, ended.tokens[ended.tokens.count - 1])
        : signOut(user, ended)
    case ..<966: try signOut(user, session)
    case ..<976: try endOne(user, session, known)
    case ..<979: try endOthers(user, session)
    case ..<983: try changePassword(user, session, known)
    default: try signIn(user, known)
    }
  }

  /// The last word on every session that is known: the latest token of those that live must work,
  /// and none of those that have ended.
  func closeBooks() throws {
    for user in users.indices {
      let known = users[user].withLock { $0 }
      for session in known.live + known.ended {
        try refresh(user, session, session.tokens[session.tokens.count - 1])
      }
      for session in users[user].withLock({ $0.live }) {
        try list(user, session)
        try refresh(user, session, session.tokens[session.tokens.count - 1])
      }
      try signIn(user, known)
    }
  }

  /// Mostly the token that was just replaced or one some steps behind, its grace not yet over; now
  /// and then whichever.
  private func replaced(_ session: KnownSession) -> String {
    let isUsable = { (token: String) in
      session.replacedAt[token].map { now() - $0 < self.grace * 7 / 10 } ?? false
    }
    let candidates = chance(94) ? session.tokens.filter(isUsable) : session.tokens
    let recent = candidates.suffix(chance(70) ? 1 : 9)
    return recent.randomElement(using: &random) ?? session.tokens[session.tokens.count - 1]
  }

  private func choose(_ sessions: [KnownSession]) -> KnownSession? {
    chance(50) ? sessions.last : sessions.randomElement(using: &random)
  }

  private func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &random) < percent
  }

  /// Keeps what was asked and what came of it. An answer that `read` makes nothing of is
  /// unexpected.
  @discardableResult
  private func note(
    _ user: Int, _ exchange: RaceConnection.Exchange, _ call: Call,
    _ read: (FastCGIReply) -> Answer?
  ) -> Answer {
    let answer: Answer
    switch exchange.reply {
    case nil: answer = .unknown
    case .some(let reply) where reply.status == 503 || reply.status == 0: answer = .unknown
    case .some(let reply): answer = read(reply) ?? .unexpected("\(reply.status) \(reply.text)")
    }
    operations += 1
    let isLate = answer == .unknown && exchange.end != Operation.never
    // What may still happen is under way: with more of it at once, there are too many orders to try.
    // So the client waits, and for longer than that: a server that starts takes seconds.
    if isLate, delay > 0 { usleep(UInt32(delay) + 1_500_000) }
    histories[user].append(
      Operation(
        client: number, start: exchange.start, end: exchange.end + (isLate ? delay : 0),
        request: call, answer: answer))
    return answer
  }
}

// MARK: - What it does

extension RaceClient {
  private func signIn(_ user: Int, _ known: KnownUser.Knowledge) throws {
    let isAdmitted = users[user].withLock { known in
      guard known.signIns < KnownUser.Knowledge.mostSignIns else { return false }
      known.signIns += 1
      return true
    }
    guard isAdmitted else { return _ = usleep(5_000) }
    defer { users[user].withLock { $0.signIns -= 1 } }
    let password =
      (chance(90) ? known.passwords.last : known.passwords.randomElement(using: &random)) ?? ""
    let exchange = try connection.exchange(
      "POST", "/login", ["username": users[user].name, "password": password])
    let session = handedOut(exchange)
    note(user, exchange, .signIn(password: names.number(of: password))) { reply in
      if reply.status == 400, reply.text == "Username or password is wrong!" {
        return .passwordWrong
      }
      return session.map(token(of:))
    }
    if let session {
      users[user].withLock { known in
        known.began(session)
        known.signedIn(with: password)
      }
    }
  }

  private func refresh(_ user: Int, _ session: KnownSession, _ token: String) throws {
    let exchange = try connection.exchange("POST", "/refresh-token", ["refreshToken": token])
    let fresh = handedOut(exchange)
    let call = Call.refresh(
      session: names.number(of: session.id), token: names.number(of: token))
    let answer = note(user, exchange, call) { reply in
      switch (reply.status, reply.text) {
      case (403, "Refresh token is wrong"): .tokenWrong
      case (403, "There is no refresh token for the user"): .noSession
      default: fresh.map(self.token(of:))
      }
    }
    users[user].withLock { known in
      if let fresh {
        known.refreshed(session.id, with: token, to: fresh.tokens[0], access: fresh.access)
      } else if answer == .tokenWrong || answer == .noSession {
        known.ended(session.id)
      }
    }
  }

  private func signOut(_ user: Int, _ session: KnownSession) throws {
    let exchange = try connection.exchange(
      "POST", "/logout", ["refreshToken": session.tokens.randomElement(using: &random) ?? ""])
    let answer = note(user, exchange, .signOut(session: names.number(of: session.id))) {
      $0.status == 204 ? .done : nil
    }
    if answer == .done { users[user].withLock { $0.ended(session.id) } }
  }

  private func list(_ user: Int, _ session: KnownSession) throws {
    let exchange = try connection.exchange("GET", "/sessions", bearer: session.access)
    let entries = exchange.json as? [[String: Any]]
    let ids = entries?.compactMap { $0["id"] as? String } ?? []
    let current = entries?.filter { $0["current"] as? Bool == true }.map { $0["id"] as? String }
    let isWhole = current == (ids.contains(session.id) ? [session.id] : [])
    let call = Call.list(caller: names.number(of: session.id))
    let answer = note(user, exchange, call) { reply in
      guard reply.status == 200 else { return callerEnded(reply) }
      return isWhole && ids.count == entries?.count ? .sessions(ids.map(names.number)) : nil
    }
    noteEnd(of: session, user, answer)
    if !ids.isEmpty { users[user].withLock { $0.listed = ids } }
  }

  private func endOne(
    _ user: Int, _ session: KnownSession, _ known: KnownUser.Knowledge
  ) throws {
    guard let id = (known.listed + [session.id]).randomElement(using: &random) else { return }
    let exchange = try connection.exchange("DELETE", "/sessions/\(id)", bearer: session.access)
    let call = Call.endOne(session: names.number(of: id), caller: names.number(of: session.id))
    let answer = note(user, exchange, call) { reply in
      switch reply.status {
      case 204: .done
      case 404: .notFound
      default: callerEnded(reply)
      }
    }
    if answer == .done { users[user].withLock { $0.ended(id) } }
    noteEnd(of: session, user, answer)
  }

  private func endOthers(_ user: Int, _ session: KnownSession) throws {
    let exchange = try connection.exchange("DELETE", "/sessions", bearer: session.access)
    let answer = note(user, exchange, .endOthers(keeping: names.number(of: session.id))) {
      $0.status == 204 ? .done : callerEnded($0)
    }
    noteEnd(of: session, user, answer)
  }

  private func callerEnded(_ reply: FastCGIReply) -> Answer? {
    reply.status == 401 && reply.text == "Token is invalid" ? .callerEnded : nil
  }

  private func noteEnd(of session: KnownSession, _ user: Int, _ answer: Answer) {
    if answer == .callerEnded { users[user].withLock { $0.ended(session.id) } }
  }

  private func changePassword(
    _ user: Int, _ session: KnownSession, _ known: KnownUser.Knowledge
  ) throws {
    let old = known.passwords.last ?? ""
    let new = users[user].withLock { known in
      known.changes += 1
      known.isChanging = true
      return "correct horse by the quay \(known.changes)"
    }
    defer { users[user].withLock { $0.isChanging = false } }
    let exchange = try connection.exchange(
      "POST", "/password", ["currentPassword": old, "newPassword": new], bearer: session.access)
    let call = Call.changePassword(
      from: names.number(of: old), to: names.number(of: new),
      keeping: names.number(of: session.id))
    let answer = note(user, exchange, call) { reply in
      switch (reply.status, reply.text) {
      case (204, _): .done
      case (400, "Your current password is wrong!"): .passwordWrong
      default: callerEnded(reply)
      }
    }
    noteEnd(of: session, user, answer)
    if answer == .done || answer == .unknown {
      users[user].withLock { $0.changed(from: old, to: new, isSure: answer == .done) }
    }
  }

  /// The session and the tokens of an answer, if it holds both tokens of one session.
  private func handedOut(_ exchange: RaceConnection.Exchange) -> KnownSession? {
    guard exchange.reply?.status == 200, let answer = exchange.json as? [String: Any],
      let access = answer["accessToken"] as? String,
      let token = answer["refreshToken"] as? String,
      let id = claims(of: token)["sid"] as? String, claims(of: access)["sid"] as? String == id
    else { return nil }
    return KnownSession(id: id, access: access, tokens: [token])
  }

  private func token(of session: KnownSession) -> Answer {
    .token(
      session: names.number(of: session.id), token: names.number(of: session.tokens[0]))
  }
}
