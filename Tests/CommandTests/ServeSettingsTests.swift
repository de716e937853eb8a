import ArgumentParser
import CacheAccess
import CacheEngine
import CacheModel
import CacheServer
import CacheStorage
import Logging
import SemblanceClient
import Testing

@testable import semblance

@Suite struct ServeSettingsTests {
    private func settings(
        options: [ServeSettings.Key: [String]] = [:], environment: [String: String] = [:], file: String? = nil
    ) async throws -> ServeSettings {
        let folder = try TemporaryFolder()
        let path = try file.map { try folder.write("semblance.json", $0) }
        return try ServeSettings(try await ConfigurationLayers(options: options, environment: environment, file: path))
    }

    private func error(
        options: [ServeSettings.Key: [String]] = [:], environment: [String: String] = [:], file: String? = nil
    ) async throws -> CacheError {
        do {
            _ = try await settings(options: options, environment: environment, file: file)
        } catch let error as CacheError {
            #expect(error.code == .invalidConfiguration)
            return error
        }
        Issue.record("the settings were accepted")
        return CacheError(.internalError, "")
    }

    private static let file = """
        {"listen": ["127.0.0.1:1"], "metricsListen": "127.0.0.1:8", "data": "file", "tokens": "file.json",
         "durability": "relaxed", "mapSize": "1GiB", "searchThreads": 3, "lookupDelay": "5ms", "maxEntries": 1000, "maxBytes": "1GiB",
         "maxNamespaceBytes": ["a=64MiB", "b=c=128MiB"], "eviction": "lru", "logLevel": "debug",
         "tlsCertificate": "c", "tlsKey": "k", "tlsClientCa": "a", "insecurePlaintext": true}
        """
    private static let environment = [
        "SEMBLANCE_LISTEN": "127.0.0.1:2,unix:/tmp/s", "SEMBLANCE_METRICS_LISTEN": "[::1]:9",
        "SEMBLANCE_DATA": "variable", "SEMBLANCE_TOKENS": "variable.json", "SEMBLANCE_DURABILITY": "sync",
        "SEMBLANCE_TLS_CERTIFICATE": "vc", "SEMBLANCE_TLS_KEY": "vk", "SEMBLANCE_INSECURE_PLAINTEXT": "false",
        "SEMBLANCE_MAX_ENTRIES": "2000", "SEMBLANCE_MAX_BYTES": "2GiB", "SEMBLANCE_EVICTION": "value",
        "SEMBLANCE_MAX_NAMESPACE_BYTES": "a=1GiB,b=2GiB", "SEMBLANCE_MAP_SIZE": "2GiB",
        "SEMBLANCE_SEARCH_THREADS": "4", "SEMBLANCE_LOOKUP_DELAY": "1s", "SEMBLANCE_LOG_LEVEL": "error", "PATH": "/bin",
    ]

    @Test func withoutAnythingTheDefaultsHold() async throws {
        let settings = try await settings()
        #expect(settings == ServeSettings())
        #expect(settings.listen == [.loopback(host: "127.0.0.1", port: 7_707)])
        #expect(settings.metricsListen == .standard)
        #expect(MetricsListening.standardAddress == .loopback(host: "127.0.0.1", port: 7_708))
        #expect(settings.data == "./var/semblance")
        #expect(settings.tokens == nil && settings.tokenFile.path == "./var/semblance/tokens.json")
        #expect(settings.durability == .sync)
    }

    @Test func theFileIsRead() async throws {
        let settings = try await settings(file: Self.file)
        #expect(settings.listen == [.loopback(host: "127.0.0.1", port: 1)])
        #expect(settings.metricsListen == .at(.loopback(host: "127.0.0.1", port: 8)))
        #expect(settings.data == "file")
        #expect(settings.tokenFile.path == "file.json")
        #expect(settings.durability == .relaxed)
        #expect(settings.mapBytes == 1 << 30)
        #expect(settings.eviction.entryLimit == 1_000)
        #expect(settings.eviction.byteLimit == 1 << 30)
        #expect(settings.eviction.namespaceByteLimits == ["a": 64 << 20, "b=c": 128 << 20])
        #expect(settings.eviction.order == .recency)
        #expect(settings.searchThreads == 3)
        #expect(settings.lookupDelayMilliseconds == 5)
        #expect(settings.logLevel == .debug)
        #expect(settings.tls == TLSFiles(certificate: "c", key: "k", clientAuthority: "a"))
        #expect(settings.allowsPlaintext)
    }

    @Test func variablesComeBeforeTheFile() async throws {
        let settings = try await settings(environment: Self.environment, file: Self.file)
        #expect(settings.listen == [.loopback(host: "127.0.0.1", port: 2), .unixSocket(path: "/tmp/s")])
        #expect(settings.metricsListen == .at(.loopback(host: "::1", port: 9)))
        #expect(settings.data == "variable")
        #expect(settings.tokenFile.path == "variable.json")
        #expect(settings.durability == .sync)
        #expect(settings.mapBytes == 2 << 30)
        #expect(settings.eviction.entryLimit == 2_000)
        #expect(settings.eviction.byteLimit == 2 << 30)
        #expect(settings.eviction.namespaceByteLimits == ["a": 1 << 30, "b": 2 << 30])
        #expect(settings.eviction.order == .value)
        #expect(settings.searchThreads == 4)
        #expect(settings.lookupDelayMilliseconds == 1_000)
        #expect(settings.logLevel == .error)
        #expect(settings.tls == TLSFiles(certificate: "vc", key: "vk", clientAuthority: "a"))
        #expect(!settings.allowsPlaintext)
    }

    @Test func optionsComeBeforeVariables() async throws {
        let options: [ServeSettings.Key: [String]] = [
            .listen: ["127.0.0.1:3", "[::1]:4"], .metricsListen: ["off"], .data: ["option"],
            .durability: ["relaxed"], .mapSize: ["3GiB"], .maxEntries: ["3000"], .maxBytes: ["3GiB"],
            .maxNamespaceBytes: ["c=64MiB"], .eviction: ["lru"], .searchThreads: ["5"], .lookupDelay: ["off"], .logLevel: ["trace"],
            .tlsCertificate: ["oc"], .insecurePlaintext: ["true"],
        ]
        let settings = try await settings(options: options, environment: Self.environment, file: Self.file)
        #expect(settings.listen == [.loopback(host: "127.0.0.1", port: 3), .loopback(host: "::1", port: 4)])
        #expect(settings.metricsListen == .off)
        #expect(settings.data == "option")
        #expect(settings.durability == .relaxed)
        #expect(settings.mapBytes == 3 << 30)
        #expect(settings.eviction.entryLimit == 3_000)
        #expect(settings.eviction.byteLimit == 3 << 30)
        #expect(settings.eviction.namespaceByteLimits == ["c": 64 << 20])
        #expect(settings.eviction.order == .recency)
        #expect(settings.searchThreads == 5)
        #expect(settings.lookupDelayMilliseconds == nil)
        #expect(settings.logLevel == .trace)
        #expect(settings.tls == TLSFiles(certificate: "oc", key: "vk", clientAuthority: "a"))
        #expect(settings.allowsPlaintext)
    }

    @Test func eachValueIsLookedForByItself() async throws {
        let settings = try await settings(
            options: [.data: ["option"]], environment: ["SEMBLANCE_DURABILITY": "relaxed", "SEMBLANCE_DATA": ""],
            file: #"{"mapSize": 1073741824, "data": "file"}"#)
        #expect(settings.data == "option")
        #expect(settings.durability == .relaxed)
        #expect(settings.mapBytes == 1 << 30)
    }

    @Test func anEmptyVariableIsNotSet() async throws {
        #expect(try await settings(environment: ["SEMBLANCE_DATA": ""], file: #"{"data": "file"}"#).data == "file")
    }

    @Test(arguments: [
        (ServeSettings.Key.durability, "fast", "--durability"), (.mapSize, "much", "--map-size"),
        (.mapSize, "1", "--map-size"), (.maxEntries, "0", "--max-entries"), (.maxEntries, "1GiB", "--max-entries"),
        (.maxBytes, "1MiB", "--max-bytes"), (.maxBytes, "-1", "--max-bytes"), (.eviction, "fifo", "--eviction"),
        (.maxNamespaceBytes, "support", "--max-namespace-bytes"), (.maxNamespaceBytes, "=1GiB", "--max-namespace-bytes"),
        (.maxNamespaceBytes, "support=1MiB", "--max-namespace-bytes"),
        (.searchThreads, "0", "--search-threads"), (.lookupDelay, "2", "--lookup-delay"),
        (.lookupDelay, "61s", "--lookup-delay"), (.logLevel, "loud", "--log-level"),
        (.listen, "example.com:1", "--listen"), (.tlsKey, "", "--tls-key"),
        (.insecurePlaintext, "yes", "--insecure-plaintext"),
        (.listen, "somewhere", "--listen"), (.data, "", "--data"), (.metricsListen, "7708", "--metrics-listen"),
        (.metricsListen, "example.com:7708", "--metrics-listen"), (.metricsListen, "unix:/tmp/m", "--metrics-listen"),
    ])
    func aWrongOptionIsNamed(_ key: ServeSettings.Key, _ text: String, _ name: String) async throws {
        let error = try await error(options: [key: [text]])
        #expect(error.message.contains(name))
        #expect(error.detail["key"] == name)
        #expect(error.detail["origin"] == "command line")
    }

    @Test func aWrongVariableIsNamed() async throws {
        let error = try await error(environment: ["SEMBLANCE_MAP_SIZE": "huge"], file: Self.file)
        #expect(error.detail["key"] == "SEMBLANCE_MAP_SIZE")
        #expect(error.detail["origin"] == "environment")
        #expect(error.message.contains("huge"))
    }

    @Test func aWrongValueInTheFileIsNamedWithTheFile() async throws {
        let error = try await error(file: #"{"durability": "fast"}"#)
        #expect(error.detail["key"] == "durability")
        #expect(error.detail["origin"]?.hasSuffix("semblance.json") == true)
        let type = try await self.error(file: #"{"durability": [1]}"#)
        #expect(type.message.contains("another type"))
    }

    @Test func anUnknownKeyInTheFileIsNamed() async throws {
        let error = try await error(file: #"{"durabilty": "sync"}"#)
        #expect(error.detail["key"] == "durabilty")
        #expect(error.message.contains("semblance.json"))
    }

    @Test(arguments: ["", "[]", "{", "null", "17"])
    func aFileThatIsNoObjectIsRefused(_ text: String) async throws {
        #expect(try await error(file: text).message.contains("JSON object"))
    }

    @Test func aMissingFileIsNamed() async {
        await #expect(throws: CacheError.self) {
            try await ConfigurationLayers(options: [:], environment: [:], file: "/nowhere/at/all.json")
        }
    }

    @Test(arguments: [
        ([ServeSettings.Key.tlsCertificate], "--tls-key"), ([.tlsKey], "--tls-certificate"),
        ([.tlsClientCa], "--tls-certificate"), ([.tlsCertificate, .tlsClientCa], "--tls-key"),
    ])
    func aFileOfTLSAloneIsNotEnough(_ keys: [ServeSettings.Key], _ missing: String) async throws {
        let error = try await error(options: Dictionary(uniqueKeysWithValues: keys.map { ($0, ["file"]) }))
        #expect(error.detail["key"] == missing)
        #expect(error.message.hasPrefix("\(missing) is missing"))
    }

    @Test func clientsSpeakTLSWhenAnOptionOrAVariableSaysSo() throws {
        let plain = try TLSOptions.parse([])
        #expect(try plain.resolved(environment: [:]) == nil)
        #expect(try plain.resolved(environment: ["SEMBLANCE_TLS": "", "SEMBLANCE_TLS_CA": ""]) == nil)
        #expect(try plain.resolved(environment: ["SEMBLANCE_TLS": "on"]) == ClientTLS())
        let environment = ["SEMBLANCE_TLS_CA": "ca", "SEMBLANCE_TLS_SERVER_NAME": "name"]
        #expect(try plain.resolved(environment: environment) == ClientTLS(trustRootsFile: "ca", serverName: "name"))
        let off = environment.merging(["SEMBLANCE_TLS": "off"]) { $1 }
        #expect(try plain.resolved(environment: off) == nil)
        #expect(throws: CacheError.self) { try plain.resolved(environment: ["SEMBLANCE_TLS": "yes"]) }
        #expect(try TLSOptions.parse(["--tls"]).resolved(environment: [:]) == ClientTLS())
        let named = try TLSOptions.parse([
            "--tls-ca", "own", "--tls-client-certificate", "c", "--tls-client-key", "k",
        ])
        #expect(
            try named.resolved(environment: off)
                == ClientTLS(trustRootsFile: "own", serverName: "name", certificateFile: "c", keyFile: "k"))
    }

    @Test func clientsTakeTheOptionBeforeTheVariable() throws {
        var client = try ClientOptions.parse([])
        #expect(try client.resolvedAddress(environment: [:]) == .standard)
        let environment = ["SEMBLANCE_ADDRESS": "unix:/tmp/s"]
        #expect(try client.resolvedAddress(environment: environment) == .unixSocket(path: "/tmp/s"))
        client.address = "127.0.0.1:1"
        #expect(try client.resolvedAddress(environment: environment) == .network(host: "127.0.0.1", port: 1))
        let namespace = try NamespaceOptions.parse([])
        #expect(try namespace.resolved(environment: [:]) == "default")
        #expect(try namespace.resolved(environment: ["SEMBLANCE_NAMESPACE": "n"]) == "n")
    }

    @Test func aWrongAddressNamesWhereItCameFrom() throws {
        let client = try ClientOptions.parse([])
        do throws(CacheError) {
            _ = try client.resolvedAddress(environment: ["SEMBLANCE_ADDRESS": "nonsense"])
            Issue.record("it was accepted")
        } catch {
            #expect(error.detail["key"] == "SEMBLANCE_ADDRESS")
        }
    }
}
