import CacheModel
import NIOCore

extension Insertion {
    private enum Flag {
        static let key: UInt8 = 1
        static let prompt: UInt8 = 2
        static let expiresAt: UInt8 = 4
        static let lease: UInt8 = 8
        static let createdAt: UInt8 = 16
        static let norm: UInt8 = 32
        static let known = key | prompt | expiresAt | lease | createdAt | norm
    }

    static let minimumWireBytes = 1 + 16 + 8 + 2 + 2 + 2 + VectorEncoding.minimumWireBytes + 4

    /// The vector of a copy keeps its bits, whatever the other vectors lose.
    private func encoding(_ encoding: VectorEncoding) -> VectorEncoding { norm == nil ? encoding : .float32 }

    func wireBytes(_ encoding: VectorEncoding) -> Int {
        let encoding = self.encoding(encoding)
        var bytes = 1 + 16 + 8 + contentType.wireBytes + 2 + tags.totalBytes(\.wireBytes)
        bytes += 2 + dependencies.totalBytes(\.wireBytes) + encoding.wireBytes(vector) + 4 + payload.count
        if key != nil { bytes += 16 }
        if expiresAt != nil { bytes += 8 }
        if lease != nil { bytes += Lease.wireBytes }
        if createdAt != nil { bytes += 8 }
        if norm != nil { bytes += 4 }
        if let prompt { bytes += prompt.longWireBytes }
        return bytes
    }

    func write(to bytes: inout ByteBuffer, vectors encoding: VectorEncoding) throws(CacheError) {
        var flags: UInt8 = 0
        if key != nil { flags |= Flag.key }
        if prompt != nil { flags |= Flag.prompt }
        if expiresAt != nil { flags |= Flag.expiresAt }
        if lease != nil { flags |= Flag.lease }
        if createdAt != nil { flags |= Flag.createdAt }
        if norm != nil { flags |= Flag.norm }
        bytes.write(flags)
        bytes.write(scope.fingerprint)
        if let key { bytes.write(key.fingerprint) }
        if let expiresAt { bytes.write(expiresAt.milliseconds) }
        lease?.write(to: &bytes)
        if let createdAt { bytes.write(createdAt.milliseconds) }
        if let norm { bytes.write(norm) }
        bytes.write(costSavedNanodollars)
        try bytes.write(contentType, as: "content-type")
        if let prompt { try bytes.write(long: prompt, as: "prompt") }
        try bytes.write(tags: tags)
        try bytes.write(dependencies: dependencies)
        try bytes.write(vector, as: self.encoding(encoding))
        try bytes.write(payload: payload)
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let flags = try reader.flags(known: Flag.known)
        let scope = try reader.scope()
        let key = flags & Flag.key == 0 ? nil : try reader.exactKey()
        let expiresAt = flags & Flag.expiresAt == 0 ? nil : Timestamp(milliseconds: try reader.integer())
        let lease = flags & Flag.lease == 0 ? nil : try reader.lease()
        let createdAt = flags & Flag.createdAt == 0 ? nil : Timestamp(milliseconds: try reader.integer())
        let norm = flags & Flag.norm == 0 ? nil : try reader.float()
        let cost = try reader.integer(UInt64.self)
        let contentType = try reader.string("content-type", in: 0...Limits.contentTypeBytes)
        let prompt = flags & Flag.prompt == 0 ? nil : try reader.longString("prompt", in: 0...Limits.promptBytes)
        let tags = try reader.tags()
        let dependencies = try reader.dependencies()
        let vector = try reader.vector()
        let payload = try reader.payload()
        if let expiresAt, !(0...Limits.latestTimestampMilliseconds).contains(expiresAt.milliseconds) {
            reader.note(.invalid("expires-at", "an expiry lies outside of the years 1970 through 9999"))
        }
        if let createdAt, !(0...Limits.latestTimestampMilliseconds).contains(createdAt.milliseconds) {
            reader.note(.invalid("created-at", "a creation lies outside of the years 1970 through 9999"))
        }
        if let norm, vector == nil || !norm.isFinite || norm <= 0 {
            reader.note(.invalid("norm", "the length of a vector is finite and more than 0, and there is a vector"))
        }
        if key == nil, vector == nil { reader.note(.invalid("vector", "an entry needs a key or a vector")) }
        self.init(
            scope: scope, key: key, vector: vector, prompt: prompt, payload: payload, contentType: contentType,
            dependencies: dependencies, tags: tags, expiresAt: expiresAt, costSavedNanodollars: cost, lease: lease,
            createdAt: createdAt, norm: norm)
    }
}

extension StoredEntry {
    private enum Flag {
        static let key: UInt8 = 1
        static let prompt: UInt8 = 2
        static let expiresAt: UInt8 = 4
        static let norm: UInt8 = 8
        static let payload: UInt8 = 16
        static let known = key | prompt | expiresAt | norm | payload
    }

    static let minimumWireBytes = 1 + 8 + 16 + 8 + 8 + 8 + 2 + 2 + 2 + 4

    func wireBytes(withPayload: Bool) -> Int {
        var bytes = Self.minimumWireBytes + contentType.utf8.count
        bytes += tags.totalBytes(\.wireBytes) + dependencies.totalBytes(\.wireBytes)
        if key != nil { bytes += 16 }
        if expiresAt != nil { bytes += 8 }
        if norm != nil { bytes += 4 }
        if let prompt { bytes += prompt.longWireBytes }
        if withPayload, let payload { bytes += payload.count }
        return bytes
    }

    func write(to bytes: inout ByteBuffer, withPayload: Bool) throws(CacheError) {
        let payload = withPayload ? payload : nil
        var flags: UInt8 = 0
        if key != nil { flags |= Flag.key }
        if prompt != nil { flags |= Flag.prompt }
        if expiresAt != nil { flags |= Flag.expiresAt }
        if norm != nil { flags |= Flag.norm }
        if payload != nil { flags |= Flag.payload }
        bytes.writeMultipleIntegers(flags, identifier.number, scope.fingerprint, endianness: .little)
        if let key { bytes.write(key.fingerprint) }
        bytes.writeMultipleIntegers(createdAt.milliseconds, ageMilliseconds, endianness: .little)
        if let expiresAt { bytes.write(expiresAt.milliseconds) }
        if let norm { bytes.write(norm) }
        bytes.write(costSavedNanodollars)
        try bytes.write(contentType, as: "content-type")
        if let prompt { try bytes.write(long: prompt, as: "prompt") }
        try bytes.write(tags: tags)
        try bytes.write(dependencies: dependencies)
        if let payload {
            try bytes.write(payload: payload)
        } else {
            bytes.write(UInt32(clamping: payloadBytes))
        }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let flags = try reader.flags(known: Flag.known)
        let identifier = EntryIdentifier(try reader.integer())
        let scope = try reader.scope()
        let key = flags & Flag.key == 0 ? nil : try reader.exactKey()
        let createdAt = Timestamp(milliseconds: try reader.integer())
        let age = try reader.integer(Int64.self)
        let expiresAt = flags & Flag.expiresAt == 0 ? nil : Timestamp(milliseconds: try reader.integer())
        let norm = flags & Flag.norm == 0 ? nil : try reader.float()
        let cost = try reader.integer(UInt64.self)
        let contentType = try reader.string("content-type", in: 0...Limits.contentTypeBytes)
        let prompt = flags & Flag.prompt == 0 ? nil : try reader.longString("prompt", in: 0...Limits.promptBytes)
        let tags = try reader.tags()
        let dependencies = try reader.dependencies()
        let payloadBytes = Int(try reader.integer(UInt32.self))
        let payload = flags & Flag.payload == 0 ? nil : try reader.byteArray(payloadBytes)
        self.init(
            identifier: identifier, scope: scope, key: key, createdAt: createdAt, ageMilliseconds: age,
            expiresAt: expiresAt, norm: norm, costSavedNanodollars: cost, prompt: prompt, dependencies: dependencies,
            tags: tags, contentType: contentType, payload: payload, payloadBytes: payloadBytes)
    }
}

extension ByteBuffer {
    fileprivate mutating func write(tags: [String]) throws(CacheError) {
        try write(count: tags.count, of: "tags")
        for tag in tags { try write(tag, as: "tag") }
    }

    fileprivate mutating func write(dependencies: [Dependency]) throws(CacheError) {
        try write(count: dependencies.count, of: "dependencies")
        for dependency in dependencies { try dependency.write(to: &self) }
    }

    fileprivate mutating func write(payload: [UInt8]) throws(CacheError) {
        guard let count = UInt32(exactly: payload.count) else {
            throw .outOfRange("payload", limit: Int(UInt32.max), got: payload.count)
        }
        write(count)
        writeBytes(payload)
    }
}

extension BodyReader {
    fileprivate mutating func tags() throws(CacheError) -> [String] {
        try list("tags", limit: Limits.tagCount, minimumBytes: 2) { reader throws(CacheError) in try reader.tag() }
    }

    fileprivate mutating func dependencies() throws(CacheError) -> [Dependency] {
        try list("dependencies", limit: Limits.dependencyCount, minimumBytes: Dependency.minimumWireBytes) {
            reader throws(CacheError) in try reader.dependency()
        }
    }

    fileprivate mutating func payload() throws(CacheError) -> [UInt8] {
        let length = Int(try integer(UInt32.self))
        guard length <= Limits.payloadBytes else {
            note(
                CacheError(
                    .payloadTooLarge, "a payload is longer than the limit",
                    detail: ["limit": String(Limits.payloadBytes), "got": String(length)]))
            try skip(length)
            return []
        }
        return try byteArray(length)
    }
}
