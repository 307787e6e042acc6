import XCTest

final class DocumentStoreTests: XCTestCase {}
