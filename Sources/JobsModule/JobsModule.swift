public import Authentication
public import DocumentStore
public import HandlerKit

/// `GET /job-list`: the caller's own jobs.
public struct JobsModule: HandlerModule {
  public static let name = "jobs"

  private let documents: any DocumentStore
  private let bearer: BearerAuthenticator
  private let responses = EncodedResponses<[Job]>()

  public init(documents: any DocumentStore, bearer: BearerAuthenticator) {
    self.documents = documents
    self.bearer = bearer
  }

  public var routes: [Route] {
    Route(.get, "/job-list", for: bearer) { _, caller in
      try responses.json(documents.read(JobList.self, caller.sub)?.jobs ?? [], of: caller.sub)
    }
  }
}
