// swift-tools-version: 6.2
import PackageDescription

// Floors: a target imports only from the floors above its own line in this file.
// `--explicit-target-dependency-import-check error` holds the sources to it.

let fastCGI: Target.Dependency = "CFastCGI"
let http: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let jwt: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let configuration: Target.Dependency = .product(
  name: "Configuration", package: "swift-configuration")
let arguments: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "postern",
  products: [
    .library(name: "HandlerKit", targets: ["HandlerKit"]),
    .library(name: "DocumentStore", targets: ["DocumentStore"]),
    .library(name: "DocumentStoreConformance", targets: ["DocumentStoreConformance"]),
    .library(name: "MemoryDocumentStore", targets: ["MemoryDocumentStore"]),
    .library(name: "RedisDocumentStore", targets: ["RedisDocumentStore"]),
    .library(name: "PostgreSQLDocumentStore", targets: ["PostgreSQLDocumentStore"]),
    .library(name: "Postern", targets: ["Postern"]),
    .library(name: "PosternTesting", targets: ["PosternTesting"]),
    .executable(name: "postern", targets: ["PosternCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    // Without its traits: its JSON reader would link all of Foundation, and 40 MB of ICU with it.
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CFastCGI", pkgConfig: "fcgi", providers: [.apt(["libfcgi-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
    .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
    .systemLibrary(name: "CCrypt", pkgConfig: "libxcrypt", providers: [.apt(["libcrypt-dev"])]),
    .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
    .systemLibrary(name: "CZxcvbn", providers: [.apt(["libzxcvbn-dev"])]),
    .target(name: "CPQ"),
    .target(name: "SystemCalls", dependencies: ["CLinux"]),
    .target(name: "BoundedCache"),
    .target(name: "SortedJSON"),
    .target(name: "SharedMetrics", dependencies: ["SystemCalls", metrics]),
    .target(name: "SecurityEvents", dependencies: [logging, metrics]),
    .target(name: "Execution", dependencies: ["SystemCalls", logging, metrics]),
    .target(name: "ForeignInput", dependencies: ["CJansson"]),
    .target(name: "PasswordStrength", dependencies: ["CZxcvbn"]),
    .target(name: "RecordFiles", dependencies: ["ForeignInput", "SortedJSON"]),
    .target(
      name: "HandlerKit",
      dependencies: ["BoundedCache", "ForeignInput", "SortedJSON", http, logging]),
    .target(name: "DocumentStore", dependencies: ["SortedJSON"]),
    .target(name: "DocumentStoreConformance", dependencies: ["DocumentStore"]),
    .target(name: "MemoryDocumentStore", dependencies: ["DocumentStore"]),
    .target(
      name: "FileDocumentStore",
      dependencies: [
        "DocumentStore", "Execution", "ForeignInput", "SystemCalls", crypto, metrics,
      ]),
    .target(
      name: "RedisDocumentStore",
      dependencies: ["CHiredis", "DocumentStore", "Execution", "ForeignInput", crypto]),
    .target(
      name: "PostgreSQLDocumentStore", dependencies: ["CPQ", "DocumentStore", "Execution"]),
    .target(
      name: "Tokens",
      dependencies: [
        "BoundedCache", "CSodium", "ForeignInput", "PasswordStrength", "SortedJSON", "SystemCalls",
        crypto,
      ]),
    .target(name: "FastCGIRecords"),
    .target(
      name: "FastCGI",
      dependencies: [
        "CFastCGI", "Execution", "FastCGIRecords", "ForeignInput", "HandlerKit", "SystemCalls",
        http, logging,
        metrics,
      ]),
    .target(name: "Sessions", dependencies: ["DocumentStore", "SystemCalls", crypto]),
    .target(
      name: "Accounts",
      dependencies: [
        "CArgon2", "CCrypt", "CSodium", "DocumentStore", "Execution", "ForeignInput",
        "PasswordStrength", "SystemCalls", crypto, metrics,
      ]),
    .target(
      name: "Authentication",
      dependencies: [
        "Accounts", "DocumentStore", "ForeignInput", "HandlerKit", "Sessions", "Tokens", http,
      ]),
    .target(
      name: "LoginModule",
      dependencies: [
        "Accounts", "Authentication", "ForeignInput", "HandlerKit", "SecurityEvents", "Sessions",
        "Tokens", http, logging,
      ]),
    .target(
      name: "RefreshModule",
      dependencies: [
        "Accounts", "Authentication", "ForeignInput", "HandlerKit", "SecurityEvents", "Sessions",
        "Tokens", logging,
      ]),
    .target(
      name: "LogoutModule",
      dependencies: [
        "Authentication", "HandlerKit", "SecurityEvents", "Sessions", "Tokens", logging,
      ]),
    .target(
      name: "SessionsModule",
      dependencies: [
        "Accounts", "Authentication", "HandlerKit", "SecurityEvents", "Sessions", "Tokens", logging,
      ]),
    .target(
      name: "PasswordModule",
      dependencies: [
        "Accounts", "Authentication", "ForeignInput", "HandlerKit", "SecurityEvents", "Sessions",
        "Tokens", logging,
      ]),
    .target(
      name: "LinkModule",
      dependencies: [
        "Accounts", "Authentication", "HandlerKit", "SecurityEvents", "Sessions", logging,
      ]),
    .target(
      name: "JobsModule", dependencies: ["Authentication", "DocumentStore", "HandlerKit"]),
    .target(
      name: "VerifyModule",
      dependencies: [
        "Accounts", "Authentication", "BoundedCache", "ForeignInput", "HandlerKit",
        "SecurityEvents", "Sessions", "Tokens", http, logging,
      ]),
    .target(
      name: "CurrentUserModule", dependencies: ["Accounts", "Authentication", "HandlerKit"]),
    .target(name: "HealthModule", dependencies: ["DocumentStore", "HandlerKit"]),
    .target(name: "MetricsModule", dependencies: ["HandlerKit"]),
    .target(name: "JWKSModule", dependencies: ["HandlerKit", "Tokens", http]),
    .target(
      name: "Postern",
      dependencies: [
        "Accounts", "Authentication", "CurrentUserModule", "DocumentStore", "Execution",
        "FastCGI", "FileDocumentStore", "ForeignInput", "HandlerKit", "HealthModule", "JWKSModule",
        "JobsModule", "LinkModule", "LoginModule", "LogoutModule", "MetricsModule",
        "PasswordModule", "PostgreSQLDocumentStore", "RecordFiles", "RedisDocumentStore",
        "RefreshModule", "SecurityEvents", "Sessions", "SessionsModule", "SharedMetrics",
        "SortedJSON", "SystemCalls", "Tokens", "VerifyModule",
        arguments, configuration, crypto, http, logging, metrics,
      ]),
    .executableTarget(name: "PosternCommand", dependencies: ["Postern"]),
    .target(
      name: "PosternTesting",
      dependencies: [
        "Accounts", "DocumentStore", "HandlerKit", "MemoryDocumentStore", "Postern", "Tokens", http,
        logging,
      ]),

    .executableTarget(
      name: "TokenBenchmark", dependencies: ["Execution", "ForeignInput", "Tokens", jwt],
      path: "Benchmarks/Tokens"),

    .executableTarget(
      name: "StoreBenchmark",
      dependencies: ["Accounts", "FileDocumentStore", "Sessions"],
      path: "Benchmarks/Store"),

    .executableTarget(
      name: "ChangesBenchmark",
      dependencies: ["DocumentStore", "PostgreSQLDocumentStore", "RedisDocumentStore"],
      path: "Benchmarks/Changes"),

    // One test target for each source target, and what they share.
    .target(
      name: "TestSupport",
      dependencies: [
        "Accounts", "DocumentStore", "FileDocumentStore", "ForeignInput", "HandlerKit", "Postern",
        "PosternTesting", "PostgreSQLDocumentStore", "RedisDocumentStore", "Sessions",
        "SystemCalls", "Tokens", crypto,
      ],
      path: "Tests/TestSupport"),
    .executableTarget(
      name: "CostProbe",
      dependencies: ["Execution", "FastCGI", "ForeignInput", "HandlerKit", "TestSupport"],
      path: "Tests/CostProbe"),
    .executableTarget(
      name: "StuckProgram", dependencies: ["DocumentStore", "HandlerKit", "Postern"],
      path: "Tests/StuckProgram"),
    .target(
      name: "Simulation", dependencies: ["DocumentStore", "Sessions"], path: "Tests/Simulation"),
    .executableTarget(
      name: "SimulationProgram", dependencies: ["Simulation", arguments],
      path: "Tests/SimulationProgram"),
    .testTarget(name: "SystemCallsTests", dependencies: ["CLinux", "SystemCalls", "TestSupport"]),
    .testTarget(name: "BoundedCacheTests", dependencies: ["BoundedCache"]),
    .testTarget(name: "SortedJSONTests", dependencies: ["SortedJSON"]),
    .testTarget(
      name: "SharedMetricsTests",
      dependencies: ["SharedMetrics", "SystemCalls", "TestSupport", metrics]),
    .testTarget(name: "SecurityEventsTests", dependencies: ["SecurityEvents", logging]),
    .testTarget(
      name: "ExecutionTests", dependencies: ["Execution", "SystemCalls", "TestSupport", logging]),
    .testTarget(name: "ForeignInputTests", dependencies: ["ForeignInput"]),
    .testTarget(name: "RecordFilesTests", dependencies: ["RecordFiles"]),
    .testTarget(name: "PasswordStrengthTests", dependencies: ["PasswordStrength", "TestSupport"]),
    .testTarget(
      name: "HandlerKitTests",
      dependencies: ["ForeignInput", "HandlerKit", "TestSupport", http, logging]),
    .testTarget(
      name: "DocumentStoreTests",
      dependencies: ["DocumentStore", "DocumentStoreConformance", "MemoryDocumentStore"]),
    .testTarget(
      name: "FileDocumentStoreTests",
      dependencies: [
        "DocumentStore", "DocumentStoreConformance", "FileDocumentStore", "SystemCalls",
        "TestSupport",
      ]),
    .testTarget(
      name: "RedisDocumentStoreTests",
      dependencies: [
        "DocumentStore", "DocumentStoreConformance", "RedisDocumentStore", "Sessions",
        "TestSupport",
      ]),
    .testTarget(
      name: "PostgreSQLDocumentStoreTests",
      dependencies: [
        "DocumentStore", "DocumentStoreConformance", "PostgreSQLDocumentStore", "TestSupport",
      ]),
    .testTarget(name: "FastCGIRecordsTests", dependencies: ["FastCGIRecords", "TestSupport"]),
    .testTarget(
      name: "FastCGITests",
      dependencies: [
        "FastCGI", "ForeignInput", "HandlerKit", "SystemCalls", "TestSupport", http, logging,
      ]),
    .testTarget(
      name: "TokensTests",
      dependencies: ["ForeignInput", "HandlerKit", "TestSupport", "Tokens", crypto, http]),
    .testTarget(
      name: "AuthenticationTests",
      dependencies: [
        "Accounts", "Authentication", "HandlerKit", "MemoryDocumentStore", "Postern", "Sessions",
        "TestSupport", "Tokens", http, logging,
      ]),
    .testTarget(
      name: "SessionsTests",
      dependencies: ["DocumentStore", "MemoryDocumentStore", "Sessions", "TestSupport"]),
    .testTarget(
      name: "AccountsTests",
      dependencies: [
        "Accounts", "DocumentStore", "FileDocumentStore", "ForeignInput", "MemoryDocumentStore",
        "TestSupport",
      ]),
    .testTarget(
      name: "LoginModuleTests",
      dependencies: [
        "Accounts", "DocumentStore", "HandlerKit", "LoginModule", "Sessions", "TestSupport",
        "Tokens", http,
      ]),
    .testTarget(
      name: "RefreshModuleTests",
      dependencies: [
        "Accounts", "DocumentStore", "HandlerKit", "RefreshModule", "Sessions", "TestSupport",
        "Tokens", http,
      ]),
    .testTarget(
      name: "LogoutModuleTests",
      dependencies: ["HandlerKit", "LogoutModule", "Sessions", "TestSupport", "Tokens", http]),
    .testTarget(
      name: "SessionsModuleTests",
      dependencies: ["HandlerKit", "Sessions", "SessionsModule", "TestSupport", http]),
    .testTarget(
      name: "PasswordModuleTests",
      dependencies: [
        "Accounts", "DocumentStore", "FileDocumentStore", "HandlerKit", "PasswordModule",
        "Sessions", "TestSupport", http,
      ]),
    .testTarget(
      name: "LinkModuleTests",
      dependencies: [
        "Accounts", "DocumentStore", "FileDocumentStore", "HandlerKit", "LinkModule", "Sessions",
        "TestSupport", http,
      ]),
    .testTarget(
      name: "JobsModuleTests",
      dependencies: ["DocumentStore", "HandlerKit", "JobsModule", "TestSupport", "Tokens", http]),
    .testTarget(
      name: "VerifyModuleTests",
      dependencies: [
        "Accounts", "DocumentStore", "HandlerKit", "PosternTesting", "Sessions", "TestSupport",
        "VerifyModule", http,
      ]),
    .testTarget(
      name: "CurrentUserModuleTests",
      dependencies: [
        "Accounts", "Authentication", "CurrentUserModule", "HandlerKit", "TestSupport", "Tokens",
        http,
      ]),
    .testTarget(
      name: "HealthModuleTests",
      dependencies: [
        "DocumentStore", "FileDocumentStore", "HandlerKit", "HealthModule", "TestSupport", http,
        logging,
      ]),
    .testTarget(
      name: "JWKSModuleTests",
      dependencies: ["HandlerKit", "JWKSModule", "TestSupport", "Tokens", http, logging]),
    .testTarget(
      name: "PosternTests",
      dependencies: [
        "Accounts", "DocumentStore", "HandlerKit", "MemoryDocumentStore", "Postern",
        "PosternTesting", "PostgreSQLDocumentStore", "SecurityEvents", "Sessions", "SharedMetrics",
        "SystemCalls",
        "TestSupport", "Tokens", arguments, configuration, http, logging, metrics,
      ]),
    .testTarget(name: "SimulationTests", dependencies: ["Simulation"]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["StuckProgram", "SystemCalls", "TestSupport", crypto],
      path: "Tests/EndToEnd", exclude: ["requirements.txt", "verify_token.py"]),
    .testTarget(
      name: "RacesTests", dependencies: ["Accounts", "DocumentStore", "TestSupport"],
      path: "Tests/Races"),
    .testTarget(
      name: "DurabilityTests",
      dependencies: [
        "Accounts", "DocumentStore", "FastCGI", "FileDocumentStore", "Sessions", "SystemCalls",
        "TestSupport", "Tokens",
      ],
      path: "Tests/Durability"),
  ]
)
