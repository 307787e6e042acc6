import XCTest

@testable import RedisDocumentStore

/// What the URL of the setting `store` says.
final class RedisAddressTests: XCTestCase {
  private func host(_ name: String, _ port: Int) -> RedisHost { RedisHost(name: name, port: port) }

  func testTheServersAndTheDatabaseAreThoseOfTheURL() throws {
    let expected: [(String, RedisAddress.Servers, Int)] = [
      ("redis://db", .one(host("db", 6379)), 0),
      ("redis://db/", .one(host("db", 6379)), 0),
      ("redis://db:1/3", .one(host("db", 1)), 3),
      ("redis://[::1]", .one(host("::1", 6379)), 0),
      ("redis://[::1]:65535/65535", .one(host("::1", 65_535)), 65_535),
      ("redis+unix:///run/a%3Fb.sock", .unix(path: "/run/a?b.sock"), 0),
      ("redis+unix:///run/redis.sock?database=2", .unix(path: "/run/redis.sock"), 2),
      (
        "redis+sentinel://a,b:2/ma%2Fin",
        .sentinels([host("a", 26_379), host("b", 2)], name: "ma/in"), 0
      ),
      ("redis+sentinel://a/main/4", .sentinels([host("a", 26_379)], name: "main"), 4),
      ("redis+cluster://a,[::1]:2", .cluster([host("a", 6379), host("::1", 2)]), 0),
    ]
    for (url, servers, database) in expected {
      let address = try RedisAddress(url)
      XCTAssertEqual(address.servers, servers, url)
      XCTAssertEqual(address.database, database, url)
      XCTAssertNil(address.user, url)
      XCTAssertFalse(address.hasPassword, url)
    }
  }

  func testItsDescriptionSaysWhereTheServersAre() throws {
    for (url, description) in [
      ("redis://me:s3cret@[::1]/3", "redis://[::1]:6379/3"),
      ("redis+unix://:s3cret@/run/s", "redis+unix:///run/s"),
      ("redis+sentinel://:s3cret@a,b/m", "redis+sentinel://a:26379,b:26379/m/0"),
      ("redis+cluster://:s3cret@a:1,b", "redis+cluster://a:1,b:6379"),
    ] { XCTAssertEqual("\(try RedisAddress(url))", description) }
  }

  func testV7_theUserAndThePasswordAreDecodedAndNeverPrinted() throws {
    let expected: [(String, user: String?, password: String?)] = [
      ("me:s3cret@", "me", "s3cret"), (":s3cret@", nil, "s3cret"), ("me@", "me", nil),
      ("m%40e:s3%2Fcr%3Aet%40@", "m@e", "s3/cr:et@"), ("me:s3:cr@et@", "me", "s3:cr@et"),
      ("me:@", "me", ""),
    ]
    for rest in [
      "redis://%db/1", "redis+unix://%/s", "redis+sentinel://%a,b/m", "redis+cluster://%a",
    ] {
      for (credentials, user, password) in expected {
        let address = try RedisAddress(rest.replacingOccurrences(of: "%", with: credentials))
        XCTAssertEqual(address.user, user, credentials)
        XCTAssertEqual(address.password, password, credentials)
        XCTAssertFalse("\(address)".contains("s3"), "\(address)")
        XCTAssertFalse("\(address)".contains("me"), "\(address)")
      }
    }
  }

  func testV7_aURLThatIsWrongIsRefusedAndNotTold() {
    for url in [
      "s3cret", "redis:s3cret", "http://:s3cret@db", "rediss://:s3cret@db", "redis://:s3cret@",
      "redis://:s3cret@a,b", "redis://:s3cret%@db", "redis://s3cret%zz:a@db",
      "redis://:s3cret@db:0", "redis://:s3cret@db:65536", "redis://:s3cret@db:x",
      "redis://:s3cret@:1", "redis://:s3cret@db/x", "redis://:s3cret@db/-1",
      "redis://:s3cret@db/65536",
      "redis://:s3cret@db/0/1", "redis://:s3cret@[::1]6379", "redis://:s3cret@[]:1",
      "redis+unix://:s3cret@run/s", "redis+unix://:s3cret@/s?db=1",
      "redis+unix://:s3cret@/s?database=x", "redis+sentinel://:s3cret@a",
      "redis+sentinel://:s3cret@a//0", "redis+sentinel://:s3cret@a,/m",
      "redis+cluster://:s3cret@a,,b", "redis+cluster://:s3cret@a/1",
    ] {
      XCTAssertThrowsError(try RedisAddress(url), url) { error in
        XCTAssertTrue(error is RedisAddressError, url)
        XCTAssertFalse("\(error)".contains("s3cret"), "\(error)")
      }
    }
  }
}
