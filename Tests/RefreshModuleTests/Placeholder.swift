import XCTest

final class RefreshModuleTests: XCTestCase {}
