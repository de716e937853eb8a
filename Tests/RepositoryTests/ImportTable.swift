/// Which target may import which module. Arrows run one way: what is not listed here is not reachable from there.
///
/// The compiler does not enforce this: it finds an undeclared sibling target as soon as something else has built it.
enum ImportTable {
    /// Modules of the standard library, open to every Swift target.
    static let standardLibrary: Set<String> = ["Swift", "Synchronization"]
    private static let essentials: Set<String> = ["FoundationEssentials"]
    /// The system's C library has another name on each platform.
    private static let systemLibrary: Set<String> = ["Glibc", "Musl", "Darwin"]
    /// Modules that come with the toolchain and are not declared in the manifest.
    static let toolchain = standardLibrary.union(systemLibrary).union(["Foundation", "FoundationEssentials"])

    /// Swift targets, from the inside out.
    static let modules: [String: Set<String>] = [
        "CacheModel": essentials,
        "VectorSearch": systemLibrary.union(["CVectorKernels", "COpenBLAS", "CacheModel"]),
        "CacheStorage": systemLibrary.union(["CLMDB", "CacheModel"]),
        "CacheMetrics": systemLibrary.union(["CoreMetrics"]),
        "CacheEngine": systemLibrary.union([
            "CAllocator", "VectorSearch", "CacheStorage", "CacheModel", "CoreMetrics", "HashTreeCollections", "DequeModule",
            "HeapModule",
        ]),
        "CacheProtocol": ["NIOCore", "CacheModel"],
        "CacheAccess": systemLibrary.union(essentials).union(["CacheModel", "Crypto"]),
        "CacheServer": systemLibrary.union([
            "CacheAccess", "CacheEngine", "CacheMetrics", "CacheProtocol", "CacheModel", "CoreMetrics", "NIOCore", "NIOHTTP1", "NIOPosix",
            "NIOSSL", "NIOTLS", "Logging", "ServiceLifecycle",
        ]),
        "SemblanceClient": ["CacheProtocol", "CacheModel", "NIOCore", "NIOPosix", "NIOSSL", "NIOTLS", "DequeModule"],
        "Reembedding": essentials.union(["SemblanceClient", "CacheModel", "AsyncHTTPClient", "NIOCore", "NIOHTTP1"]),
        "TextEmbedding": systemLibrary.union(essentials).union(["CEncoderKernels"]),
        "PromptMatching": systemLibrary.union(essentials).union(["COpenBLAS"]),
        "semblance": systemLibrary.union(essentials).union([
            "CacheServer", "CacheAccess", "SemblanceClient", "CacheEngine", "CacheProtocol", "CacheStorage", "VectorSearch",
            "CacheModel", "Reembedding", "ArgumentParser", "Configuration", "Crypto", "Histogram", "Logging", "NIOCore",
            "NIOPosix", "ServiceLifecycle",
            "UnixSignals", "Foundation",
        ]),
        "GatewayCore": essentials.union(["Crypto", "CacheModel"]),
        "Gateway": essentials.union([
            "GatewayCore", "PromptMatching", "SemblanceClient", "TextEmbedding", "CacheModel", "AsyncHTTPClient",
            "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging", "NIOCore", "NIOHTTP1", "NIOPosix", "ServiceLifecycle",
        ]),
        "SimulatedUpstream": essentials.union([
            "GatewayCore", "HTTPTypes", "Hummingbird", "Logging", "NIOCore", "ServiceLifecycle",
        ]),
        "TrafficReplay": systemLibrary.union([
            "Gateway", "GatewayCore", "PromptMatching", "VectorSearch", "CacheModel",
        ]),
        "semblance-gateway": systemLibrary.union(essentials).union([
            "Gateway", "TrafficReplay", "SimulatedUpstream", "TextEmbedding", "PromptMatching", "GatewayCore",
            "ArgumentParser", "AsyncHTTPClient", "Logging", "NIOCore", "NIOHTTP1", "ServiceLifecycle", "UnixSignals",
            "Yams",
        ]),
    ]

    /// Swift targets in `Benchmarks`, which nothing in `Sources` may import.
    static let benchmarks: [String: Set<String>] = [
        "index-benchmark": ["VectorSearch", "CacheModel", "Foundation"],
        "EvictionSimulation": ["CacheEngine", "CacheStorage", "CacheModel", "Foundation"],
        "eviction-benchmark": ["EvictionSimulation", "CacheEngine", "CacheStorage", "VectorSearch", "CacheModel", "Foundation"],
        "encoder-benchmark": ["TextEmbedding", "Foundation"],
        "matching-benchmark": ["PromptMatching", "Foundation"],
        "GatewayCampaign": [
            "GatewayCore", "AsyncHTTPClient", "Crypto", "NIOCore", "NIOHTTP1", "NIOPosix", "Foundation",
        ],
        "BenchmarkHarness": ["Foundation"],
        "ServiceLoad": [
            "BenchmarkHarness", "CacheProtocol", "CacheModel", "DequeModule", "Histogram", "NIOCore", "Foundation",
        ],
        "service-benchmark": ["BenchmarkHarness", "ServiceLoad", "CacheModel", "Foundation"],
        "gateway-benchmark": [
            "BenchmarkHarness", "GatewayCampaign", "TextEmbedding", "GatewayCore", "AsyncHTTPClient", "NIOCore",
            "NIOHTTP1", "NIOPosix", "Foundation",
        ],
    ]

    /// C targets: the headers that they may include besides their own.
    static let headers: [String: Set<String>] = [
        "CAllocator": ["stdlib.h", "malloc.h"],
        "CLMDB": ["lmdb.h"],
        "CEncoderKernels": ["stdint.h", "stddef.h", "string.h", "math.h", "float.h", "immintrin.h"],
        "COpenBLAS": ["cblas.h"],
        "CVectorKernels": [
            "stdint.h", "stddef.h", "string.h", "math.h", "stdlib.h", "immintrin.h", "arm_neon.h",
        ],
    ]

    static let targets = Set(modules.keys).union(headers.keys)

    /// The modules that a Swift source imports in whatever form: with access level and attributes, or one declaration
    /// only.
    static func imports(in source: String) -> [(line: Int, module: String)] {
        let pattern =
            #/
            ^\s* (?: (?: @\w+ (?: \( [^)]* \) )? | package | public | internal | private | fileprivate ) \s+ )*
            import \s+ (?: (?: struct | class | enum | protocol | actor | typealias | func | let | var ) \s+ )?
            `? (\w+)
            /#
        return SourceCode(source).code.enumerated().flatMap { index, line in
            line.split(separator: ";").compactMap { statement in
                statement.firstMatch(of: pattern).map { (index + 1, String($0.1)) }
            }
        }
    }

    /// The headers that a C source includes: `<math.h>` with `isSystem`, `"kernels.h"` without.
    static func includes(in source: String) -> [(line: Int, header: String, isSystem: Bool)] {
        source.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
            line.firstMatch(of: /^\s*#\s*(?:include|import)\s*([<"])([^>"]+)/).map {
                (index + 1, String($0.2), $0.1 == "<")
            }
        }
    }
}
