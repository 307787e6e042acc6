import XCTest

final class FastCGITests: XCTestCase {}
