import CoreMetrics
import Foundation
import HTTPTypes
import HandlerKit
import Logging
import PosternTesting
import SharedMetrics
import XCTest

@testable import Postern

final class RequestObservationTests: XCTestCase {
  private struct OddModule: HandlerModule {
    static let name = "odd"
    var routes: [Route] {
      Route(.get, "/odd/{status}") { request in
        Response(status: .init(code: Int(request.pathParameters["status"] ?? "") ?? 200))
      }
    }
  }

  private let log = CapturedLog()

  /// Answers one request after another, and returns what was counted and logged of them.
  private func observed(
    _ requests: (_ token: String) -> [Request]
  ) async throws -> (metrics: [String], lines: [String]) {
    let service = try await TestService()
    let token = try await service.signedIn(as: "alice")
    let segment = try MetricsSegment.ofThisProcess(at: 0)
    let modules: [any HandlerModule] =
      try standardModules.map { try $0.init(service.services) } + [OddModule()]
    let metrics = withMetricsFactory(SharedMetricsFactory(segment, nil)) {
      RequestMetrics(paths: Router.paths(of: modules), segment.join(at: 0))
    }
    let router = try Router(
      modules, logger: log.logger, explain: explain,
      observers: [metrics, RequestLog(log.logger)])
    for request in requests(token) {
      _ = await withMetricsFactory(SharedMetricsFactory(segment, nil)) {
        await router.respond(to: request)
      }
    }
    XCTAssertEqual(segment.processes.first?.requests, UInt64(requests(token).count))
    let text = PrometheusText(segment, help: [:]).render()
    return (
      text.split(separator: "\n").map(String.init), log.lines.filter { $0.contains("request") }
    )
  }

  func testRequestsAreCountedByRouteAndStatus() async throws {
    let (metrics, _) = try await observed { token in
      [
        .make(.get, "/current-user", bearer: token), .make(.get, "/current-user", bearer: token),
        .make(.get, "/current-user"), .make(.delete, "/sessions/canary", bearer: token),
        .make(.get, "/canary"), .make(.get, "/wp-login.php"), .make(.put, "/login"),
        .make(.get, "/odd/299"), .make(.get, "/odd/598"), .make(.get, "/odd/503"),
      ]
    }
    for line in [
      #"{route="/current-user",status="200"} 2"#, #"{route="/current-user",status="401"} 1"#,
      #"{route="/sessions/{id}",status="404"} 1"#, #"{route="none",status="404"} 2"#,
      #"{route="/login",status="405"} 1"#, #"{route="/odd/{status}",status="other"} 2"#,
      #"{route="/odd/{status}",status="503"} 1"#,
    ] {
      XCTAssertTrue(metrics.contains("postern_http_requests_total" + line), "\(line) \(metrics)")
    }
    XCTAssertTrue(
      metrics.contains(
        #"postern_http_request_duration_seconds_count{route="/current-user"} 3"#), "\(metrics)")
    XCTAssertFalse(metrics.contains { $0.contains("canary") || $0.contains("wp-login") })
  }

  func testN1_theLineOfARequestHasItsRouteAndSessionAndNothingThatStrangersWrote() async throws {
    let (_, lines) = try await observed { token in
      [
        .make(.get, "/current-user", query: "canary=canary", bearer: token),
        .make(.get, "/canary/x", headers: [.userAgent: "canary", .cookie: "canary=canary"]),
        .make(.delete, "/sessions/canary", bearer: token),
        .make(HTTPRequest.Method("CANARY")!, "/login"),
      ]
    }
    XCTAssertEqual(lines.count, 4, "\(lines)")
    XCTAssertTrue(
      lines.allSatisfy { $0.hasPrefix("info request ") && $0.contains("request=test") }, "\(lines)")
    for (line, facts) in zip(
      lines,
      [
        ["method=GET", "route=/current-user", "status=200", "session=", "microseconds="],
        ["method=GET", "route=-", "status=404"],
        ["method=DELETE", "route=/sessions/{id}", "status=404"],
        ["method=-", "route=/login", "status=405"],
      ])
    {
      for fact in facts { XCTAssertTrue(line.contains(fact), "\(fact) in \(line)") }
    }
    XCTAssertFalse(lines.contains { $0.lowercased().contains("canary") }, "\(lines)")
  }

  func testAWorkerLogsRequestsOnlyWhereBothSettingsSaySo() throws {
    for (environment, count) in [
      ([:], 1), (["POSTERN_LOG_REQUESTS": "true"], 2),
      (["POSTERN_LOG_REQUESTS": "true", "POSTERN_LOG_LEVEL": "notice"], 1),
    ] {
      let configuration = try PosternConfiguration.load(file: nil, environment: environment)
      let metrics = WorkerMetrics(segment: try .ofThisProcess(at: 0), entry: nil)
      let observers = metrics.observers(of: [], configuration, log.logger)
      XCTAssertEqual(observers.count, count, "\(environment)")
    }
  }
}
