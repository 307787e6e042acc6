import XCTest

final class CurrentUserModuleTests: XCTestCase {}
