import XCTest

final class TokensTests: XCTestCase {}
