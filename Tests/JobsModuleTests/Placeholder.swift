import XCTest

final class JobsModuleTests: XCTestCase {}
