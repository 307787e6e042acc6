// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "hello",
  dependencies: [
    .package(name: "postern", path: "../..")
  ],
  targets: [
    .executableTarget(
      name: "Hello",
      dependencies: [
        .product(name: "HandlerKit", package: "postern"),
        .product(name: "Postern", package: "postern"),
      ])
  ]
)
