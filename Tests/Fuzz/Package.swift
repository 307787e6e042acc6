// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody else builds with sanitizers: see script/fuzz. It looks into
// Postern's modules by `@testable import`, also into those that are no product.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "postern", path: "../..")],
  targets: [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        .product(name: "Postern", package: "postern"),
        .product(name: "PosternTesting", package: "postern"),
      ])
  ]
)
