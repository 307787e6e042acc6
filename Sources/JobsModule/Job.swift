public import DocumentStore

/// One job of a person, with the field names of the HTTP interface.
public struct Job: Codable, Equatable, Sendable {
  public var id: String
  public var userID: String
  public var companyName: String
  public var title: String
  /// The first and the last day, `2019-04-01`; the last is empty while the job lasts.
  public var firstDate: String
  public var lastDate: String
  public var skills: String
  public var department: String
  /// The employer's identification number.
  public var ein: String

  public init(
    id: String, userID: String, companyName: String, title: String, firstDate: String,
    lastDate: String, skills: String, department: String, ein: String
  ) {
    self.id = id
    self.userID = userID
    self.companyName = companyName
    self.title = title
    self.firstDate = firstDate
    self.lastDate = lastDate
    self.skills = skills
    self.department = department
    self.ein = ein
  }

  private enum CodingKeys: String, CodingKey {
    case id, title, skills, department, ein
    case userID = "user_id"
    case companyName = "company_name"
    case firstDate = "first_date"
    case lastDate = "last_date"
  }
}

/// All jobs of one user, under the user's id.
public struct JobList: Document {
  public static let collection = "jobs"

  public var jobs: [Job]

  public init(jobs: [Job]) {
    self.jobs = jobs
  }
}
