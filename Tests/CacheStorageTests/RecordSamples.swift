import CacheModel
import CacheStorage

/// Records with random content, within the limits and often at them.
struct RecordSamples {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// One kind of record: its bytes, and whether other bytes are read as the same content.
    struct Sample {
        var name: String
        var bytes: [UInt8]
        /// The checksum's seed, to seal other content as if it were written on purpose.
        var seed: UInt64
        /// - Returns: true when the bytes say what was encoded.
        var isReadBack: (UnsafeRawBufferPointer) throws(CacheError) -> Bool
    }

    mutating func all() -> [Sample] { [store(), namespace(), watermark(), entry(), payload()] }

    mutating func number() -> UInt64 { random.next() >> UInt64.random(in: 0..<64, using: &random) }

    mutating func text(_ range: ClosedRange<Int>) -> String {
        let count = Bool.random(using: &random) ? Int.random(in: range, using: &random) : range.upperBound
        var text = ""
        while text.utf8.count < count {
            let character: Character = ["a", "ß", "質", "🙂", "/"].randomElement(using: &random) ?? "a"
            text.append(text.utf8.count + character.utf8.count <= count ? character : "x")
        }
        return text
    }

    mutating func version() -> DataVersion {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: .unnamed
        case 1: .ordered(number(), generation: Generation(incarnation: number(), sequence: number()))
        default: .labelled(text(1...Limits.labelBytes))
        }
    }

    mutating func store() -> Sample {
        var record = StoreRecord(incarnation: number())
        record.sequence = number()
        record.isFenced = Bool.random(using: &random)
        record.lossSequence = number()
        record.nextEntry = number()
        record.nextNamespace = UInt32(truncatingIfNeeded: number())
        record.nextContent = UInt32(truncatingIfNeeded: number())
        record.digest.add(key: [1], record: [UInt8(truncatingIfNeeded: number())])
        return Sample(name: "store", bytes: record.encoded(), seed: 0) { bytes throws(CacheError) in
            try StoreRecord(decoding: bytes) == record
        }
    }

    mutating func namespace() -> Sample {
        let identifier = NamespaceIdentifier(UInt32(truncatingIfNeeded: number()))
        var settings = NamespaceSettings(
            model: text(0...Limits.modelBytes), threshold: Float.random(in: -1...1, using: &random))
        if Bool.random(using: &random) { settings.dimension = Int.random(in: Limits.dimensionRange, using: &random) }
        if Bool.random(using: &random) { settings.timeToLiveMilliseconds = Int64(number() >> 1) | 1 }
        if Bool.random(using: &random) {
            settings.capacity = Int.random(in: 1...Limits.rowsPerNamespace, using: &random)
        }
        let content = ContentIdentifier(UInt32.random(in: 1 ... .max, using: &random))
        var record = NamespaceRecord(
            name: text(1...Limits.namespaceBytes), content: Bool.random(using: &random) ? content : nil,
            settings: settings)
        record.floors.sources = number()
        record.floors.tags = number()
        record.floors.scopes = number()
        return Sample(name: "namespace", bytes: record.encoded(identifier), seed: UInt64(identifier.number)) {
            bytes throws(CacheError) in try NamespaceRecord(decoding: bytes, identifier) == record
        }
    }

    mutating func watermark() -> Sample {
        var record = WatermarkRecord()
        record.lastSequence = number()
        record.floorSequence = number()
        switch Int.random(in: 0..<4, using: &random) {
        case 0: record.kind = nil
        case 1: record.kind = .labelled(nil)
        case 2: record.kind = .labelled(Name(text(1...Limits.labelBytes)))
        default:
            record.kind = .ordered(
                version: number(), generation: Generation(incarnation: number(), sequence: number()))
        }
        return Sample(name: "watermark", bytes: record.encoded(), seed: 0) { bytes throws(CacheError) in
            try WatermarkRecord(decoding: bytes) == record
        }
    }

    mutating func entryRecord() -> EntryRecord {
        var dependencies: [Dependency] = []
        for _ in 0..<Int.random(in: 0...Limits.dependencyCount, using: &random) {
            dependencies.append(Dependency(text(1...Limits.sourceBytes), version()))
        }
        var tags: [String] = []
        for _ in 0..<Int.random(in: 0...Limits.tagCount, using: &random) { tags.append(text(1...Limits.tagBytes)) }
        let fingerprint = UInt128(number()) << 64 | UInt128(number())
        return EntryRecord(
            createdAt: Timestamp(milliseconds: Int64(bitPattern: number())),
            expiresAt: Bool.random(using: &random)
                ? EntryRecord.never : Timestamp(milliseconds: Int64(bitPattern: number())),
            fillSequence: number(), costSavedNanodollars: number(), scope: Scope(fingerprint),
            key: Bool.random(using: &random) ? ExactKey(fingerprint &* 3) : nil,
            row: Bool.random(using: &random) ? UInt32(truncatingIfNeeded: number()) & 0x3FFF_FFFF : nil,
            norm: Float.random(in: 0...1e30, using: &random),
            promptBytes: Bool.random(using: &random) ? UInt32(truncatingIfNeeded: number()) & 0xFFFF : nil,
            payloadBytes: UInt32(truncatingIfNeeded: number()) & 0xFF_FFFF,
            contentType: text(0...Limits.contentTypeBytes),
            dependencies: dependencies, tags: tags)
    }

    mutating func entry() -> Sample {
        let identifier = EntryIdentifier(number())
        let record = entryRecord()
        return Sample(name: "entry", bytes: record.encoded(identifier), seed: identifier.number) {
            bytes throws(CacheError) in
            let summary = try EntrySummary(decoding: bytes, identifier)
            return try EntryRecord(decoding: bytes, identifier) == record && summary.createdAt == record.createdAt
                && summary.expiresAt == record.expiresAt && summary.fillSequence == record.fillSequence
                && summary.costSavedNanodollars == record.costSavedNanodollars
                && summary.scope == record.scope && summary.row == record.row
                && summary.hasKey == (record.key != nil)
                && summary.payloadBytes == Int(record.payloadBytes) + Int(record.promptBytes ?? 0)
                && summary.hasDependencies == !record.dependencies.isEmpty && summary.hasTags == !record.tags.isEmpty
        }
    }

    mutating func payload() -> Sample {
        let identifier = EntryIdentifier(number())
        let prompt: String? = Bool.random(using: &random) ? text(0...300) : nil
        let payload = (0..<Int.random(in: 0...500, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
        }
        var record = entryRecord()
        record.promptBytes = prompt.map { UInt32($0.utf8.count) }
        record.payloadBytes = UInt32(payload.count)
        let bytes = PayloadRecord.encoded(prompt: prompt, payload: payload, identifier)
        return Sample(name: "payload", bytes: bytes, seed: identifier.number) { [record] bytes throws(CacheError) in
            let stored = try PayloadRecord.decode(bytes, of: record, identifier)
            return stored.prompt == prompt && stored.payload == payload
        }
    }
}
