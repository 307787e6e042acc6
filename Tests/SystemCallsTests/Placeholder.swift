import XCTest

final class SystemCallsTests: XCTestCase {}
