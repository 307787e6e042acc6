// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "notes",
  dependencies: [
    .package(name: "postern", path: "../..")
  ],
  targets: [
    .executableTarget(
      name: "Notes",
      dependencies: [
        .product(name: "DocumentStore", package: "postern"),
        .product(name: "HandlerKit", package: "postern"),
        .product(name: "Postern", package: "postern"),
      ]),
    .testTarget(
      name: "NotesTests",
      dependencies: [
        "Notes",
        .product(name: "DocumentStore", package: "postern"),
        .product(name: "HandlerKit", package: "postern"),
        .product(name: "PosternTesting", package: "postern"),
      ]),
  ]
)
