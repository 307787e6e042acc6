import CurrentUserModule
public import DocumentStore
import HealthModule
import JWKSModule
import JobsModule
import LinkModule
import LoginModule
import LogoutModule
import MetricsModule
import PasswordModule
import RefreshModule
import SessionsModule
import SharedMetrics
import VerifyModule

/// The modules that come with Postern: the one list of them.
public let standardModules: [any ServiceModule.Type] = [
  LoginModule.self,
  RefreshModule.self,
  LogoutModule.self,
  CurrentUserModule.self,
  SessionsModule.self,
  PasswordModule.self,
  LinkModule.self,
  JobsModule.self,
  VerifyModule.self,
  HealthModule.self,
  MetricsModule.self,
  JWKSModule.self,
]

// What each of them gets.

extension LoginModule: ServiceModule {
  public init(_ services: Services) {
    self.init(
      users: services.users, check: services.passwordCheck,
      sessions: services.sessions, tokens: services.tokens, browsers: services.browsers,
      logger: services.logger)
  }
}

extension RefreshModule: ServiceModule {
  public init(_ services: Services) {
    self.init(
      users: services.users, sessions: services.sessions, tokens: services.tokens,
      logger: services.logger)
  }
}

extension JobsModule: ServiceModule {
  public static let documents: [any Document.Type] = [JobList.self]

  public init(_ services: Services) {
    self.init(documents: services.documents, bearer: services.bearer)
  }
}

extension CurrentUserModule: ServiceModule {
  public init(_ services: Services) {
    self.init(users: services.users, bearer: services.bearer)
  }
}

extension LogoutModule: ServiceModule {
  public init(_ services: Services) {
    self.init(sessions: services.sessions, tokens: services.tokens, logger: services.logger)
  }
}

extension SessionsModule: ServiceModule {
  public init(_ services: Services) {
    self.init(
      users: services.users, sessions: services.sessions, bearer: services.bearer,
      browsers: services.browsers, logger: services.logger)
  }
}

extension PasswordModule: ServiceModule {
  public init(_ services: Services) {
    self.init(
      users: services.users, check: services.passwordCheck, policy: services.passwordPolicy,
      sessions: services.sessions, bearer: services.bearer, browsers: services.browsers,
      logger: services.logger)
  }
}

extension LinkModule: ServiceModule {
  public init(_ services: Services) {
    self.init(
      links: services.passwordLinks, policy: services.passwordPolicy, hasher: services.passwords,
      sessions: services.sessions, logger: services.logger)
  }
}

extension VerifyModule: ServiceModule {
  public init(_ services: Services) {
    self.init(
      tokens: services.tokens, sessionCheck: services.sessionCheck, logger: services.logger)
  }
}

extension HealthModule: ServiceModule {
  public static let documents: [any Document.Type] = [HealthProbe.self]

  public init(_ services: Services) {
    self.init(documents: services.documents, explain: explain)
  }
}

extension MetricsModule: ServiceModule {
  public init(_ services: Services) {
    let text = services.metrics.map { PrometheusText($0, help: KnownMetric.help) }
    self.init(contentType: PrometheusText.contentType) { text?.render() ?? "" }
  }
}

extension JWKSModule: ServiceModule {
  public init(_ services: Services) {
    self.init(tokens: services.tokens)
  }
}
