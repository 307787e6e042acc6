import XCTest

final class AccountsTests: XCTestCase {}
