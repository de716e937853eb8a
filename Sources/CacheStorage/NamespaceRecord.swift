package import CacheModel

/// What is kept of a namespace's name, for ever.
package struct NamespaceRecord: Hashable, Sendable {
    package var name: String
    /// What the namespace holds; nil while there is no such namespace, but watermarks under its name.
    package var content: ContentIdentifier?
    package var settings: NamespaceSettings
    package var floors: Floors
    /// The namespace whose watermarks this one takes over as they change; nil for none.
    package var follows: NamespaceIdentifier?

    /// Sequences that the lease of an entry must have reached, whatever its dependencies: they stand for watermarks that were
    /// folded away and for a drop of the namespace.
    package struct Floors: Hashable, Sendable {
        /// For entries with dependencies.
        package var sources: UInt64 = 0
        /// For entries with tags.
        package var tags: UInt64 = 0
        /// For every entry.
        package var scopes: UInt64 = 0

        package init() {}
    }

    package init(name: String, content: ContentIdentifier?, settings: NamespaceSettings, floors: Floors = Floors()) {
        self.name = name
        self.content = content
        self.settings = settings
        self.floors = floors
    }

    package init(decoding record: UnsafeRawBufferPointer, _ identifier: NamespaceIdentifier) throws(CacheError) {
        var reader = try RecordReader(sealed: record, seed: UInt64(identifier.number))
        name = try reader.readShortText()
        let number: UInt32 = try reader.read()
        content = number == 0 ? nil : ContentIdentifier(number)
        let dimension: UInt32 = try reader.read()
        let model = try reader.readShortText()
        let threshold = try reader.readFloat()
        let timeToLive: Int64 = try reader.read()
        let capacity: UInt64 = try reader.read()
        // The checksum vouches for what was written; a layout cannot be made of every number all the same.
        guard dimension == 0 || Limits.dimensionRange.contains(Int(dimension)), threshold >= -1 && threshold <= 1,
            timeToLive >= 0
        else { throw RecordReader.damaged }
        settings = NamespaceSettings(
            dimension: dimension == 0 ? nil : Int(dimension), model: model, threshold: threshold,
            timeToLiveMilliseconds: timeToLive == 0 ? nil : timeToLive,
            capacity: capacity == 0 ? nil : Int(clamping: capacity))
        floors = Floors()
        floors.sources = try reader.read()
        floors.tags = try reader.read()
        floors.scopes = try reader.read()
        // Absent before format 3 and in most records: they end here.
        if reader.remainingCount > 0 { follows = NamespaceIdentifier(try reader.read()) }
    }

    package func encoded(_ identifier: NamespaceIdentifier) -> [UInt8] {
        var writer = RecordWriter()
        writer.append(short: name)
        writer.append(content?.number ?? 0)
        writer.append(UInt32(settings.dimension ?? 0))
        writer.append(short: settings.model)
        writer.append(settings.threshold)
        writer.append(settings.timeToLiveMilliseconds ?? 0)
        writer.append(UInt64(settings.capacity ?? 0))
        writer.append(floors.sources)
        writer.append(floors.tags)
        writer.append(floors.scopes)
        if let follows { writer.append(follows.number) }
        return writer.sealed(seed: UInt64(identifier.number))
    }

    /// The bytes that the watermarks' digest covers: a floor that is lost would revive answers as a lost watermark
    /// would, and so would a lost order to follow.
    package func digestBytes() -> [UInt8] {
        var writer = RecordWriter()
        writer.append(floors.sources)
        writer.append(floors.tags)
        writer.append(floors.scopes)
        if let follows { writer.append(follows.number) }
        return writer.bytes
    }

    /// Whether the record matters to freshness, so that the digest covers it.
    package var isInDigest: Bool { floors != .init() || follows != nil }
}
