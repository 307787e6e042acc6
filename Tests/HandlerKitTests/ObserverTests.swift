import HTTPTypes
import HandlerKit
import Synchronization
import TestSupport
import XCTest

final class ObserverTests: XCTestCase {
  private struct AnsweredRequest {
    let request: Request
    let response: Response
    let outcome: RequestOutcome
  }

  private final class Recorder: RequestObserver {
    private let stored = Mutex<[AnsweredRequest]>([])

    var seen: [AnsweredRequest] { stored.withLock { $0 } }
    func observe(_ request: Request, _ response: Response, _ outcome: RequestOutcome) {
      stored.withLock {
        $0.append(AnsweredRequest(request: request, response: response, outcome: outcome))
      }
    }
  }

  private let recorder = Recorder()

  private func answered(
    _ method: HTTPRequest.Method, _ path: String
  ) async throws -> (AnsweredRequest, Response) {
    let module = SampleModule {
      Route(.get, "/things") { _ in .text("all") }
      Route(.get, "/things/{id}") { _ in .text("one") }
      Route(.get, "/slow") { _ in
        try await Task.sleep(for: .milliseconds(20))
        return .text("late")
      }
      Route(.get, "/fail") { _ in throw TellingError() }
      Route(.get, "/refuse") { _ in throw HTTPError.badRequest("Wrong") }
    }
    let router = try Router([module], logger: RecordingLog().logger, observers: [recorder])
    let response = await router.respond(to: .make(method, path))
    return (try XCTUnwrap(recorder.seen.last), response)
  }

  func testTheRoutesPathIsGivenWhateverTheClientSent() async throws {
    let cases: [(HTTPRequest.Method, String, String?, Int)] = [
      (.get, "/things", "/things", 200), (.get, "/things/7f", "/things/{id}", 200),
      (.head, "/things/%C3%A9", "/things/{id}", 200), (.delete, "/things/7f", "/things/{id}", 405),
      (.options, "/things", "/things", 204), (.get, "/nowhere", nil, 404),
      (.get, "/things/%ff", nil, 404),
    ]
    for (method, path, route, status) in cases {
      let (answered, response) = try await answered(method, path)
      XCTAssertEqual(answered.outcome.route, route, path)
      XCTAssertEqual(answered.request.path, path)
      XCTAssertEqual(answered.response.status.code, status, path)
      XCTAssertEqual(answered.response.headers, response.headers)
      XCTAssertEqual(answered.outcome.error?.status.code, status < 400 ? nil : status)
    }
    XCTAssertEqual(recorder.seen.count, cases.count)
  }

  func testTheErrorIsGivenAsItIsExplained() async throws {
    let (refused, _) = try await answered(.get, "/refuse")
    XCTAssertEqual(refused.outcome.error?.code, "bad_request")
    let (failed, response) = try await answered(.get, "/fail")
    XCTAssertEqual(failed.outcome.error?.code, "internal_error")
    XCTAssertEqual(failed.outcome.error?.logDetail, "HandlerKitTests.TellingError")
    XCTAssertEqual(response.text, "Something went wrong")
  }

  func testTheTimeTakenIsThatOfTheHandler() async throws {
    let (slow, _) = try await answered(.get, "/slow")
    XCTAssertGreaterThanOrEqual(slow.outcome.duration, .milliseconds(20))
    let begin = ContinuousClock.now
    let (quick, _) = try await answered(.get, "/things")
    XCTAssertLessThanOrEqual(quick.outcome.duration, ContinuousClock.now - begin)
  }

  func testObserversAreCalledInTheirOrderAndOnceEach() async throws {
    final class Ordered: RequestObserver {
      let name: String
      let recorded: RecordingLog
      init(_ name: String, _ recorded: RecordingLog) {
        self.name = name
        self.recorded = recorded
      }
      func observe(_ request: Request, _ response: Response, _ outcome: RequestOutcome) {
        recorded.logger.info("\(name)")
      }
    }
    let log = RecordingLog()
    let router = try Router(
      [], logger: log.logger, observers: [Ordered("first", log), Ordered("second", log)])
    _ = await router.respond(to: .make(.get, "/"))
    XCTAssertEqual(log.lines, ["info first ", "info second "])
  }
}
