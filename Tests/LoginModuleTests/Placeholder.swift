import XCTest

final class LoginModuleTests: XCTestCase {}
