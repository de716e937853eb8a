// swift-tools-version: 6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "semblance",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "semblance", targets: ["semblance"]),
        .executable(name: "semblance-gateway", targets: ["semblance-gateway"]),
        .library(name: "SemblanceClient", targets: ["SemblanceClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.0.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.7.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.29.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.1.4"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.25.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
    ],
    targets: [
        // Bytes and numbers: what the system provides, and the kernels of our own.
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"]), .brew(["lmdb"])]),
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
        .target(name: "CVectorKernels"),
        .target(name: "CEncoderKernels"),
        .target(name: "CAllocator"),

        // The way a lookup travels, from the inside out.
        .target(name: "CacheModel", swiftSettings: settings),
        .target(
            name: "VectorSearch", dependencies: ["CVectorKernels", "COpenBLAS", "CacheModel"],
            swiftSettings: settings),
        .target(name: "CacheStorage", dependencies: ["CLMDB", "CacheModel"], swiftSettings: settings),
        .target(
            name: "CacheMetrics", dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: settings),
        .target(
            name: "CacheEngine",
            dependencies: [
                "CAllocator", "VectorSearch", "CacheStorage", "CacheModel",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HashTreeCollections", package: "swift-collections"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: settings),
        .target(
            name: "CacheProtocol",
            dependencies: ["CacheModel", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings),
        .target(
            name: "CacheAccess", dependencies: ["CacheModel", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings),
        .target(
            name: "CacheServer",
            dependencies: [
                "CacheAccess", "CacheEngine", "CacheMetrics", "CacheProtocol", "CacheModel",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .target(
            name: "SemblanceClient",
            dependencies: [
                "CacheProtocol", "CacheModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings),
        .target(name: "TextEmbedding", dependencies: ["CEncoderKernels"], swiftSettings: settings),
        // Whether two prompts ask the same thing.
        .target(name: "PromptMatching", dependencies: ["COpenBLAS"], swiftSettings: settings),
        // A namespace's entries with embeddings of another model.
        .target(
            name: "Reembedding",
            dependencies: [
                "SemblanceClient", "CacheModel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "semblance",
            dependencies: [
                "Reembedding", "CacheServer", "CacheAccess", "SemblanceClient", "CacheEngine", "CacheProtocol",
                "CacheStorage", "VectorSearch", "CacheModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),

        // The way a request to a model travels, from the inside out.
        .target(
            name: "GatewayCore", dependencies: ["CacheModel", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings),
        .target(
            name: "Gateway",
            dependencies: [
                "GatewayCore", "PromptMatching", "SemblanceClient", "TextEmbedding", "CacheModel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        // What stands in for a model while none is configured.
        .target(
            name: "SimulatedUpstream",
            dependencies: [
                "GatewayCore",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        // A log of requests through cache policy and guards, offline.
        .target(
            name: "TrafficReplay",
            dependencies: ["Gateway", "GatewayCore", "PromptMatching", "VectorSearch", "CacheModel"],
            swiftSettings: settings),
        .executableTarget(
            name: "semblance-gateway",
            dependencies: [
                "Gateway", "TrafficReplay", "SimulatedUpstream", "TextEmbedding", "PromptMatching", "GatewayCore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings),

        // What is measured, and never part of a release.
        .target(name: "BenchmarkHarness", path: "Benchmarks/BenchmarkHarness", swiftSettings: settings),
        .executableTarget(
            name: "index-benchmark", dependencies: ["VectorSearch", "CacheModel"], path: "Benchmarks/index-benchmark",
            swiftSettings: settings),
        .target(
            name: "EvictionSimulation", dependencies: ["CacheEngine", "CacheStorage", "CacheModel"],
            path: "Benchmarks/EvictionSimulation", swiftSettings: settings),
        .executableTarget(
            name: "eviction-benchmark",
            dependencies: ["EvictionSimulation", "CacheEngine", "CacheStorage", "VectorSearch", "CacheModel"],
            path: "Benchmarks/eviction-benchmark", swiftSettings: settings),
        .executableTarget(
            name: "encoder-benchmark", dependencies: ["TextEmbedding"], path: "Benchmarks/encoder-benchmark",
            swiftSettings: settings),
        .executableTarget(
            name: "matching-benchmark", dependencies: ["PromptMatching"], path: "Benchmarks/matching-benchmark",
            swiftSettings: settings),
        .target(
            name: "GatewayCampaign",
            dependencies: [
                "GatewayCore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Benchmarks/GatewayCampaign", swiftSettings: settings),
        .executableTarget(
            name: "gateway-benchmark",
            dependencies: [
                "BenchmarkHarness", "GatewayCampaign", "TextEmbedding", "GatewayCore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Benchmarks/gateway-benchmark", swiftSettings: settings),
        .target(
            name: "ServiceLoad",
            dependencies: [
                "BenchmarkHarness", "CacheProtocol", "CacheModel",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Benchmarks/ServiceLoad", swiftSettings: settings),
        .executableTarget(
            name: "service-benchmark", dependencies: ["BenchmarkHarness", "ServiceLoad", "CacheModel"],
            path: "Benchmarks/service-benchmark", swiftSettings: settings),

        // Tests mirror the sources.
        .testTarget(name: "RepositoryTests", swiftSettings: settings),
        .testTarget(name: "CacheModelTests", dependencies: ["CacheModel"], swiftSettings: settings),
        .testTarget(
            name: "VectorSearchTests", dependencies: ["VectorSearch", "CVectorKernels", "COpenBLAS", "CacheModel"],
            swiftSettings: settings),
        .testTarget(
            name: "TextEmbeddingTests", dependencies: ["TextEmbedding", "CEncoderKernels"], swiftSettings: settings),
        .testTarget(
            name: "CacheStorageTests", dependencies: ["CacheStorage", "CLMDB", "CacheModel"], swiftSettings: settings),
        .testTarget(
            name: "CacheEngineTests",
            dependencies: [
                "CacheEngine", "EvictionSimulation", "CacheStorage", "VectorSearch", "CacheModel",
                .product(name: "HashTreeCollections", package: "swift-collections"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CacheProtocolTests",
            dependencies: ["CacheProtocol", "CacheModel", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings),
        .testTarget(
            name: "CacheMetricsTests",
            dependencies: ["CacheMetrics", .product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: settings),
        .testTarget(name: "CacheAccessTests", dependencies: ["CacheAccess", "CacheModel"], swiftSettings: settings),
        .testTarget(
            name: "CacheServerTests",
            dependencies: [
                "CacheServer", "CacheAccess", "CacheEngine", "CacheMetrics", "CacheProtocol", "CacheModel", "CacheStorage",
                "VectorSearch",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SemblanceClientTests",
            dependencies: [
                "SemblanceClient", "CacheProtocol", "CacheModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(name: "PromptMatchingTests", dependencies: ["PromptMatching"], swiftSettings: settings),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "semblance", "Reembedding", "CacheServer", "CacheAccess", "SemblanceClient", "CacheEngine",
                "CacheProtocol", "CacheStorage", "VectorSearch", "CacheModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "SimulatedUpstreamTests",
            dependencies: [
                "SimulatedUpstream", "GatewayCore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "GatewayCoreTests",
            dependencies: ["GatewayCore", "CacheModel", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings),
        .testTarget(
            name: "TrafficReplayTests",
            dependencies: [
                "TrafficReplay", "Gateway", "GatewayCore", "PromptMatching", "semblance-gateway",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "GatewayCampaign", "GatewayCore", "PromptMatching", "semblance-gateway", "SemblanceClient",
                "CacheServer", "CacheAccess", "CacheEngine", "CacheStorage", "VectorSearch", "CacheModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ServiceLoadTests", dependencies: ["ServiceLoad", "BenchmarkHarness", "CacheProtocol", "CacheModel"],
            swiftSettings: settings),
        .testTarget(name: "CrashTests", dependencies: ["semblance", "SemblanceClient"], swiftSettings: settings),
    ]
)
