// swift-tools-version: 6.2
// The rooms of the house and who may know whom: docs/architecture.md.
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.init(stringLiteral: name)] + dependencies,
        swiftSettings: settings
    )
}

let package = Package(
    name: "imprimatur",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "imprimatur", targets: ["imprimatur"]),
        .executable(name: "imprimatur-check", targets: ["imprimatur-check"]),
        .executable(name: "imprimatur-bench", targets: ["imprimatur-bench"]),
    ],
    dependencies: [
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPKCS11"),
        .target(name: "CResources"),
        // Optimised in debug builds too: there it would be slower than what it replaces.
        .target(name: "CSHA256", cSettings: [.unsafeFlags(["-O2"])]),

        room("CanonicalJSON"),
        room("Cryptography", ["COpenSSL", "CPKCS11", "CSHA256"]),
        room("TransparencyLog", ["Cryptography"]),
        room("Attestation", ["CanonicalJSON", "Cryptography", "TransparencyLog"]),
        room("ModelFormats", ["CanonicalJSON"]),
        room("Artifacts", ["CanonicalJSON", "Cryptography", "Attestation", "ModelFormats"]),
        room("Schema", ["CanonicalJSON"]),
        room("Fairness", ["CanonicalJSON"]),
        room("Expressions", ["CanonicalJSON"]),
        room(
            "Governance",
            [
                "CanonicalJSON", "Cryptography", "TransparencyLog", "Attestation", "Schema",
                "Fairness", "Expressions",
            ]),
        room(
            "OfflineCommands",
            [
                "CanonicalJSON", "Cryptography", "TransparencyLog", "Attestation", "ModelFormats",
                "Artifacts", "Governance",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        room("Database", ["CLibPQ"]),
        room(
            "HTTPClient",
            [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        room(
            "Registry",
            [
                "CResources", "CanonicalJSON", "Cryptography", "TransparencyLog", "Attestation",
                "Artifacts", "Schema", "Fairness", "Governance", "Database",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),
        room(
            "Web",
            [
                "CZlib", "CResources", "CanonicalJSON", "Cryptography", "TransparencyLog",
                "Attestation",
                "Governance", "Registry",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "imprimatur",
            dependencies: [
                "CResources", "CanonicalJSON", "Cryptography", "TransparencyLog", "Attestation",
                "ModelFormats", "Artifacts", "Schema", "Fairness", "Governance", "Database",
                "HTTPClient", "Registry", "Web", "OfflineCommands",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),

        // For hosts that are connected to nothing: no libpq, no service.
        .executableTarget(
            name: "imprimatur-check",
            dependencies: [
                "OfflineCommands",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "imprimatur-bench",
            dependencies: [
                "CanonicalJSON", "Cryptography", "TransparencyLog", "Attestation", "Artifacts",
                "Fairness",
                "Schema", "Governance", "Database", "Registry",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/Benchmarks",
            exclude: ["Policy/peers.py"],
            swiftSettings: settings
        ),
        .target(
            name: "TestSupport",
            dependencies: ["CanonicalJSON", "Cryptography", "Database", "TransparencyLog"],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        tests(of: "CanonicalJSON"),
        tests(of: "Cryptography", ["TestSupport"]),
        tests(of: "TransparencyLog", ["Cryptography", "TestSupport"]),
        tests(
            of: "Attestation", ["CanonicalJSON", "Cryptography", "TransparencyLog", "TestSupport"]),
        tests(of: "ModelFormats", ["CanonicalJSON", "TestSupport"]),
        tests(of: "Artifacts", ["Attestation", "CanonicalJSON", "Cryptography", "TestSupport"]),
        tests(of: "Schema", ["CanonicalJSON", "TestSupport"]),
        tests(of: "Fairness", ["CanonicalJSON", "TestSupport"]),
        tests(of: "Expressions", ["CanonicalJSON", "TestSupport"]),
        tests(
            of: "Governance",
            [
                "CanonicalJSON", "Cryptography", "Attestation", "Schema", "Fairness",
                "Expressions", "TestSupport",
                .product(name: "Yams", package: "Yams"),
            ]),
        tests(of: "Database", ["TestSupport"]),
        tests(
            of: "Registry",
            [
                "CanonicalJSON", "Cryptography", "TransparencyLog", "Attestation", "Artifacts",
                "Fairness", "Governance", "Database", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        tests(
            of: "Web",
            [
                "TestSupport", "CanonicalJSON", "Cryptography", "TransparencyLog", "Attestation",
                "Fairness", "Governance", "Database", "Registry",
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "imprimatur", "imprimatur-check", "TestSupport", "CanonicalJSON", "Cryptography",
                "TransparencyLog",
                "Attestation", "Artifacts", "Fairness", "Governance", "Database", "HTTPClient",
                "Registry",
            ],
            swiftSettings: settings
        ),
    ]
)
