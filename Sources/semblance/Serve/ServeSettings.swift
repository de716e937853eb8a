import CacheAccess
import CacheEngine
import CacheModel
import CacheServer
import CacheStorage
import Logging

/// How the service runs, whatever place each value came from.
struct ServeSettings: Hashable, Sendable {
    var listen: [ListenAddress] = [.standard]
    var metricsListen = MetricsListening.standard
    var data = "./var/semblance"
    /// Nil for the one in the data directory, if it is there.
    var tokens: String?
    var durability = Durability.sync
    var mapBytes = Limits.mapBytes
    var eviction = EvictionSettings()
    /// Nil for as many as there are cores.
    var searchThreads: Int?
    /// How long lookups may wait, for more than a moment, before others are refused; nil for any time.
    var lookupDelayMilliseconds: Int? = 1
    var logLevel = Logger.Level.info
    /// Nil without TLS.
    var tls: TLSFiles?
    var allowsPlaintext = false

    /// The name of each value: its option, in kebab case; its variable, in capitals after `SEMBLANCE_`; its key in the
    /// file.
    enum Key: String, CaseIterable, Sendable {
        case listen, metricsListen, data, tokens, durability, mapSize, maxEntries, maxBytes, maxNamespaceBytes, eviction
        case searchThreads, lookupDelay, logLevel, tlsCertificate, tlsKey, tlsClientCa, insecurePlaintext
    }

    init() {}

    /// - Throws: `invalid-configuration` with the details `key` and `origin`.
    init(_ layers: ConfigurationLayers) throws(CacheError) {
        if let found = try layers.texts(.listen) {
            guard !found.value.isEmpty else { throw found.invalid("names no address") }
            listen = try found.map { texts throws(CacheError) in
                try texts.map { text throws(CacheError) in try ListenAddress(parsing: text) }
            }
        }
        if let found = try layers.text(.metricsListen) {
            metricsListen = try found.map { text throws(CacheError) in try MetricsListening(parsing: text) }
        }
        if let found = try layers.text(.data) {
            guard !found.value.isEmpty, !found.value.utf8.contains(0) else { throw found.invalid("names no directory") }
            data = found.value
        }
        if let found = try layers.text(.tokens) {
            // Its neighbor SEMBLANCE_TOKEN is easily taken for it, and what is in that one is not to be shown.
            guard !found.value.hasPrefix(AccessToken.prefix) else {
                throw CacheError(
                    .invalidConfiguration,
                    "\(found.key) (\(found.origin)) is a token, where the path of the token file is wanted; clients "
                        + "take theirs from SEMBLANCE_TOKEN",
                    detail: ["key": found.key, "origin": found.origin])
            }
            guard !found.value.isEmpty, !found.value.utf8.contains(0) else { throw found.invalid("names no file") }
            tokens = found.value
        }
        if let found = try layers.text(.durability) {
            guard let value = Durability(rawValue: found.value) else { throw found.invalid("is sync or relaxed") }
            durability = value
        }
        if let found = try layers.text(.mapSize) {
            mapBytes = try found.map { text throws(CacheError) in try ByteCountText.bytes(parsing: text) }
            guard Self.mapRange.contains(mapBytes) else {
                throw found.invalid(
                    "is \(ByteCountText.text(bytes: Self.mapRange.lowerBound)) through "
                        + ByteCountText.text(bytes: Self.mapRange.upperBound))
            }
        }
        if let found = try layers.text(.maxEntries) {
            guard let count = Int(found.value), count >= 1 else { throw found.invalid("is a number from 1") }
            eviction.entryLimit = count
        }
        if let found = try layers.text(.maxBytes) {
            eviction.byteLimit = try found.map { text throws(CacheError) in try Self.byteLimit(text[...]) }
        }
        if let found = try layers.texts(.maxNamespaceBytes) {
            eviction.namespaceByteLimits = try found.map { texts throws(CacheError) in
                var limits: [Name: Int] = [:]
                for text in texts {
                    // A name may have any character, a size has no equals sign.
                    guard let sign = text.lastIndex(of: "="), sign > text.startIndex else {
                        throw CacheError(.invalidArgument, "'\(text)' is not a namespace and a size: write support=4GiB")
                    }
                    limits[Name(String(text[..<sign]))] = try Self.byteLimit(text[text.index(after: sign)...])
                }
                return limits
            }
        }
        if let found = try layers.text(.eviction) {
            guard let order = EvictionOrder(rawValue: found.value) else { throw found.invalid("is value or lru") }
            eviction.order = order
        }
        if let found = try layers.text(.searchThreads) {
            guard let count = Int(found.value), (1...1_024).contains(count) else {
                throw found.invalid("is a number from 1 through 1024")
            }
            searchThreads = count
        }
        if let found = try layers.text(.lookupDelay) {
            lookupDelayMilliseconds = try Self.lookupDelay(found)
        }
        if let found = try layers.text(.logLevel) {
            guard let level = Logger.Level(rawValue: found.value) else {
                throw found.invalid("is \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            logLevel = level
        }
        tls = try Self.tls(layers)
        allowsPlaintext = try layers.flag(.insecurePlaintext) ?? false
    }

    private static func lookupDelay(_ found: ConfigurationLayers.Found<String>) throws(CacheError) -> Int? {
        if found.value == "off" { return nil }
        let limit: Int64 = 60_000
        guard let milliseconds = try? DurationText.milliseconds(parsing: found.value), milliseconds <= limit else {
            throw found.invalid("is off or a time of 1ms through 60s")
        }
        return Int(milliseconds)
    }

    private static func tls(_ layers: ConfigurationLayers) throws(CacheError) -> TLSFiles? {
        func path(_ key: Key) throws(CacheError) -> String? {
            guard let found = try layers.text(key) else { return nil }
            guard !found.value.isEmpty, !found.value.utf8.contains(0) else { throw found.invalid("names no file") }
            return found.value
        }
        func missing(_ option: String, _ others: String) -> CacheError {
            CacheError(
                .invalidConfiguration, "\(option) is missing: it goes with \(others)", detail: ["key": option])
        }
        let clientAuthority = try path(.tlsClientCa)
        switch (try path(.tlsCertificate), try path(.tlsKey)) {
        case (nil, nil):
            guard clientAuthority == nil else { throw missing("--tls-certificate", "--tls-client-ca") }
            return nil
        case (let certificate?, let key?):
            return TLSFiles(certificate: certificate, key: key, clientAuthority: clientAuthority)
        case (_?, nil): throw missing("--tls-key", "--tls-certificate")
        case (nil, _?): throw missing("--tls-certificate", "--tls-key")
        }
    }

    var tokenFile: TokenFile { TokenFile(path: tokens ?? "\(data)/\(TokenFile.standardName)") }

    private static func byteLimit(_ text: Substring) throws(CacheError) -> Int {
        let bytes = try ByteCountText.bytes(parsing: String(text))
        guard bytes >= Limits.leastStoreBytes else {
            throw CacheError(.invalidArgument, "a limit is at least \(ByteCountText.text(bytes: Limits.leastStoreBytes))")
        }
        return bytes
    }

    /// Below, the reserve for invalidations leaves no room for entries; above, no processor of today has addresses.
    private static let mapRange = (4 * Limits.mapReserveBytes)...(64 << 40)
}
