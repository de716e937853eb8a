package import CacheModel
import NIOCore

package struct LookupRequest: Hashable, Sendable {
    package var namespace: String
    /// 1 through `Limits.batchCount`. A decoded lookup with a field outside of its range is a failure; the others are
    /// answered.
    package var lookups: [Result<Lookup, CacheError>]

    package init(namespace: String, lookups: [Result<Lookup, CacheError>]) {
        self.namespace = namespace
        self.lookups = lookups
    }

    package init(namespace: String, _ lookups: [Lookup]) {
        self.init(namespace: namespace, lookups: lookups.map { .success($0) })
    }

    func wireBytes(_ encoding: VectorEncoding) -> Int {
        namespace.wireBytes + 2 + lookups.totalBytes { (try? $0.get().wireBytes(encoding)) ?? 0 }
    }

    /// - Throws: the error of a lookup that is a failure already.
    func write(to bytes: inout ByteBuffer, vectors encoding: VectorEncoding) throws(CacheError) {
        try bytes.write(namespace, as: "namespace")
        try bytes.write(count: lookups.count, of: "batch")
        for lookup in lookups { try lookup.get().write(to: &bytes, vectors: encoding) }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        namespace = try reader.namespace()
        lookups = try reader.batch(minimumBytes: Lookup.minimumWireBytes) { reader throws(CacheError) in
            try Lookup(from: &reader)
        }
    }
}

extension Lookup {
    private enum Flag {
        static let key: UInt8 = 1
        static let threshold: UInt8 = 2
        static let maximumAge: UInt8 = 4
        static let minimumPosition: UInt8 = 8
        static let omitsPayload: UInt8 = 16
        static let isExplained: UInt8 = 32
        static let known = key | threshold | maximumAge | minimumPosition | omitsPayload | isExplained
    }

    static let minimumWireBytes = 1 + 2 + 16 + 2 + VectorEncoding.minimumWireBytes

    func wireBytes(_ encoding: VectorEncoding) -> Int {
        var bytes = 1 + 2 + 16 + 2 + sources.totalBytes(\.wireBytes) + encoding.wireBytes(vector)
        if key != nil { bytes += 16 }
        if threshold != nil { bytes += 4 }
        if maximumAgeMilliseconds != nil { bytes += 8 }
        if minimumPosition != nil { bytes += Position.wireBytes }
        return bytes
    }

    func write(to bytes: inout ByteBuffer, vectors encoding: VectorEncoding) throws(CacheError) {
        var flags: UInt8 = 0
        if key != nil { flags |= Flag.key }
        if threshold != nil { flags |= Flag.threshold }
        if maximumAgeMilliseconds != nil { flags |= Flag.maximumAge }
        if minimumPosition != nil { flags |= Flag.minimumPosition }
        if omitsPayload { flags |= Flag.omitsPayload }
        if isExplained { flags |= Flag.isExplained }
        bytes.write(flags)
        try bytes.write(count: neighbors, of: "neighbors")
        bytes.write(scope.fingerprint)
        if let key { bytes.write(key.fingerprint) }
        if let threshold { bytes.write(threshold) }
        if let maximumAgeMilliseconds { bytes.write(maximumAgeMilliseconds) }
        minimumPosition?.write(to: &bytes)
        try bytes.write(count: sources.count, of: "sources")
        for source in sources { try bytes.write(source, as: "source") }
        try bytes.write(vector, as: encoding)
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let flags = try reader.flags(known: Flag.known)
        let neighbors = Int(try reader.integer(UInt16.self))
        if !Limits.neighborsRange.contains(neighbors) {
            let limit = neighbors == 0 ? Limits.neighborsRange.lowerBound : Limits.neighborsRange.upperBound
            reader.note(.outOfRange("neighbors", limit: limit, got: neighbors))
        }
        let scope = try reader.scope()
        let key = flags & Flag.key == 0 ? nil : try reader.exactKey()
        let threshold = flags & Flag.threshold == 0 ? nil : try reader.threshold()
        let maximumAge = flags & Flag.maximumAge == 0 ? nil : try reader.integer(Int64.self)
        if let maximumAge, maximumAge < 0 { reader.note(.invalid("maximum-age", "a greatest age is negative")) }
        let minimumPosition = flags & Flag.minimumPosition == 0 ? nil : try reader.position()
        let sources = try reader.list("sources", limit: Limits.namedSourceCount, minimumBytes: 2) {
            reader throws(CacheError) in try reader.source()
        }
        let vector = try reader.vector()
        if key == nil, vector == nil { reader.note(.invalid("vector", "a lookup needs a key or a vector")) }
        self.init(
            scope: scope, key: key, vector: vector, threshold: threshold, neighbors: neighbors,
            maximumAgeMilliseconds: maximumAge, minimumPosition: minimumPosition, sources: sources,
            omitsPayload: flags & Flag.omitsPayload != 0, isExplained: flags & Flag.isExplained != 0)
    }
}

extension BodyReader {
    /// A cosine similarity; NaN is as much out of its range as 2 is.
    mutating func threshold() throws(CacheError) -> Float {
        let threshold = try float()
        if !(-1...1).contains(threshold) { note(.invalid("threshold", "a threshold lies outside of -1 through 1")) }
        return threshold
    }
}
