// swift-tools-version: 6.2
import PackageDescription

// A package of its own: Postern depends on none of this. A folder called hummingbird would be taken
// for the package of that name.
let package = Package(
  name: "Contender",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    .executableTarget(
      name: "Contender",
      dependencies: [
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "JWTKit", package: "jwt-kit"),
      ])
  ]
)
