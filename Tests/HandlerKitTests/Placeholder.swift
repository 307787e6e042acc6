import XCTest

final class HandlerKitTests: XCTestCase {}
