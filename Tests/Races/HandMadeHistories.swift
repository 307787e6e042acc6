import XCTest

/// An operation from `time` on, in milliseconds, that took one or `duration` of them.
func at(_ time: Int, _ request: Call, _ answer: Answer, for duration: Int = 1) -> Operation {
  Operation(
    client: 0, start: time * 1_000, end: (time + duration) * 1_000, request: request,
    answer: answer)
}

/// The user, whose password is number 1000, has session 1 with token 11.
func signedIn() -> [Operation] {
  [at(0, .signIn(password: 1_000), .token(session: 1, token: 11))]
}

func assertExplained(
  _ history: [Operation], _ model: SessionModel = SessionModel(), file: StaticString = #filePath,
  line: UInt = #line
) {
  var checker = HistoryChecker(history, password: 1_000, model: model)
  if let violation = checker.violation() { XCTFail(violation, file: file, line: line) }
}

func assertUnexplained(
  _ history: [Operation], _ model: SessionModel = SessionModel(), file: StaticString = #filePath,
  line: UInt = #line
) {
  var checker = HistoryChecker(history, password: 1_000, model: model)
  XCTAssertNotNil(checker.violation(), "nobody objected", file: file, line: line)
}
