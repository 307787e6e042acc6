import Foundation
import Hummingbird
import JWTKit

// GET /job-list in Hummingbird 2 and JWTKit, one process with an event loop for each core.

struct Claims: JWTPayload {
  let sub: SubjectClaim
  let exp: ExpirationClaim

  func verify(using _: some JWTAlgorithm) throws { try exp.verifyNotExpired() }
}

struct Job: ResponseEncodable, Codable {
  let id, userID, companyName, title, firstDate, lastDate, skills, department, ein: String

  private enum CodingKeys: String, CodingKey {
    case id, title, skills, department, ein
    case userID = "user_id"
    case companyName = "company_name"
    case firstDate = "first_date"
    case lastDate = "last_date"
  }
}

struct Context: RequestContext {
  var coreContext: CoreRequestContextStorage
  var user: String?

  init(source: Source) { coreContext = .init(source: source) }
}

struct BearerMiddleware: RouterMiddleware {
  let keys: JWTKeyCollection

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard let header = request.headers[.authorization], header.hasPrefix("Bearer "),
      let claims = try? await keys.verify(String(header.dropFirst(7)), as: Claims.self)
    else { throw HTTPError(.unauthorized) }
    var context = context
    context.user = claims.sub.value
    return try await next(request, context)
  }
}

let environment = ProcessInfo.processInfo.environment
guard let secret = environment["BENCH_SECRET"], let socket = environment["BENCH_SOCKET"],
  let file = environment["BENCH_JOBS"]
else { fatalError("BENCH_SECRET, BENCH_SOCKET and BENCH_JOBS are to be set") }

let keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
let jobs = try JSONDecoder().decode(
  [String: [Job]].self, from: Data(contentsOf: URL(filePath: file)))

let router = Router(context: Context.self)
router.group("job-list").add(middleware: BearerMiddleware(keys: keys)).get { _, context in
  jobs[context.user ?? ""] ?? []
}

let application = Application(
  router: router, configuration: .init(address: .unixDomainSocket(path: socket)))
try await application.runService()
