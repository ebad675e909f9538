// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built with these: the language's own guards, and no warning left standing.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "countersign",
    products: [.executable(name: "countersign", targets: ["CountersignCommand"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-system", from: "1.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CIDN2", pkgConfig: "libidn2", providers: [.apt(["libidn2-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibUnbound", pkgConfig: "libunbound", providers: [.apt(["libunbound-dev"])]),
        .systemLibrary(name: "CUnistring", providers: [.apt(["libunistring-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        .target(name: "Cryptography", dependencies: ["CLibCrypto"], swiftSettings: strict),
        .target(name: "Ledger", dependencies: ["CIDN2", "CUnistring", "Cryptography"], swiftSettings: strict),

        .target(name: "Compression", dependencies: ["CZlib"], swiftSettings: strict),
        .target(name: "MailAuthentication", dependencies: ["Cryptography", "Ledger"], swiftSettings: strict),
        .target(
            name: "NameResolution", dependencies: ["CLibUnbound", "Ledger", "MailAuthentication"], swiftSettings: strict
        ),

        .target(name: "Outbound", dependencies: ["CLibCurl"], swiftSettings: strict),

        .target(name: "Postgres", dependencies: ["CLibPQ"], swiftSettings: strict),

        .target(
            name: "PostgresTesting", dependencies: ["Postgres"], path: "Tests/PostgresTesting", swiftSettings: strict),
        .target(name: "SeededRandom", path: "Tests/SeededRandom", swiftSettings: strict),

        .target(
            name: "LedgerStore",
            dependencies: ["Cryptography", "Files", "Ledger", "Observation", "Postgres"],
            resources: [
                .embedInCode("../../sql/0001_ledger.sql"),
                .embedInCode("../../sql/0002_tokens.sql"),
                .embedInCode("../../sql/0003_rollups.sql"),
                .embedInCode("../../sql/0004_checkpoints.sql"),
                .embedInCode("../../sql/0005_erasures.sql"),
                .embedInCode("../../sql/0006_identities.sql"),
                .embedInCode("../../sql/0007_dmarc_reports.sql"),
                .embedInCode("../../sql/0008_rights.sql"),
                .embedInCode("../../sql/0009_read.sql"),
                .embedInCode("../../sql/roles.sql"),
                .embedInCode("../../sql/catalogue.sql"),
                .embedInCode("../../sql/catalogue.txt"),
            ],
            swiftSettings: strict),
        .target(
            name: "EmbeddedPostgres",
            dependencies: [
                "Files",
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict
        ),
        .target(name: "Observation", swiftSettings: strict),
        .target(
            name: "Witness", dependencies: ["Cryptography", "Files", "Ledger", "Observation"], swiftSettings: strict),

        .target(
            name: "Identities",
            dependencies: [
                "Compression", "Cryptography", "Ledger", "LedgerStore", "MailAuthentication", "Observation", "Postgres",
            ],
            swiftSettings: strict),

        .target(name: "Files", swiftSettings: strict),
        .target(
            name: "Checkpoints",
            dependencies: [
                "Cryptography", "Files", "Ledger", "LedgerStore", "Observation", "Outbound", "Postgres",
            ],
            swiftSettings: strict),

        .target(
            name: "Server",
            dependencies: [
                "Checkpoints", "Cryptography", "Identities", "Ledger", "LedgerStore", "MailAuthentication",
                "Observation", "Witness",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [
                .embedInCode("Resources/chart.js"),
                .embedInCode("Resources/elements.js"),
                .embedInCode("Resources/identities.js"),
                .embedInCode("Resources/openapi.json"),
                .embedInCode("Resources/page.css"),
                .embedInCode("Resources/page.html"),
                .embedInCode("Resources/page.js"),
                .embedInCode("Resources/proof.js"),
                .embedInCode("Resources/reports.js"),
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "CountersignCommand",
            dependencies: [
                "Checkpoints", "Cryptography", "EmbeddedPostgres", "Files", "Identities", "Ledger", "LedgerStore",
                "MailAuthentication", "NameResolution", "Observation", "Outbound", "Postgres", "Server", "Witness",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        .testTarget(
            name: "CountersignCommandTests",
            dependencies: ["CountersignCommand", "Cryptography", "Ledger", "LedgerStore", "Postgres"],
            swiftSettings: strict),
        .testTarget(
            name: "CryptographyTests",
            dependencies: [
                "Cryptography", "SeededRandom",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "EmbeddedPostgresTests",
            dependencies: [
                "EmbeddedPostgres", "Files",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "FilesTests", dependencies: ["Files"], swiftSettings: strict),
        .testTarget(
            name: "LedgerTests", dependencies: ["Cryptography", "Ledger", "SeededRandom"], exclude: ["Vectors"],
            swiftSettings: strict),
        .testTarget(
            name: "MailAuthenticationTests",
            dependencies: ["Compression", "Cryptography", "MailAuthentication", "SeededRandom"],
            swiftSettings: strict),
        .testTarget(
            name: "CompressionTests", dependencies: ["Compression", "SeededRandom"], swiftSettings: strict),
        .testTarget(
            name: "OutboundTests",
            dependencies: [
                "Outbound",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: ["server.py"],
            swiftSettings: strict),
        .testTarget(name: "ObservationTests", dependencies: ["Observation"], swiftSettings: strict),
        .testTarget(
            name: "LedgerStoreTests",
            dependencies: ["Cryptography", "Ledger", "LedgerStore", "Observation", "Postgres", "PostgresTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "IdentitiesTests",
            dependencies: [
                "Cryptography", "Identities", "Ledger", "LedgerStore", "MailAuthentication", "Observation", "Postgres",
                "PostgresTesting",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CheckpointsTests",
            dependencies: [
                "Checkpoints", "Cryptography", "Ledger", "LedgerStore", "Observation", "Postgres", "PostgresTesting",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "PostgresTests", dependencies: ["Postgres", "PostgresTesting"], swiftSettings: strict),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Checkpoints", "Cryptography", "Identities", "Ledger", "LedgerStore", "MailAuthentication",
                "Observation",
                "Postgres",
                "PostgresTesting", "SeededRandom", "Server",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WitnessTests", dependencies: ["Cryptography", "Ledger", "Observation", "Witness"],
            swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
