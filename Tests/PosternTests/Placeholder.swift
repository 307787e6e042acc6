import XCTest

final class PosternTests: XCTestCase {}
