package import CacheModel

/// What is known of one source, tag or scope: `W` of the invalidation semantics.
package struct WatermarkRecord: Hashable, Sendable {
    /// Set by the first invalidation that names something; nil while the source was only ever bumped.
    package var kind: Kind?
    /// The sequence of the last change.
    package var lastSequence: UInt64 = 0
    /// The sequence of a bump since the last named version: even a version that is high enough needs a lease from then on. 0 for none.
    package var floorSequence: UInt64 = 0

    package enum Kind: Hashable, Sendable {
        case ordered(version: UInt64, generation: Generation)
        /// Nil: unknown since a bump.
        case labelled(Name?)
    }

    package init() {}

    package init(decoding record: UnsafeRawBufferPointer) throws(CacheError) {
        var reader = try RecordReader(sealed: record, seed: 0)
        lastSequence = try reader.read()
        floorSequence = try reader.read()
        let isUnknownLabel = try reader.read(UInt8.self) != 0
        switch try reader.readDataVersion() {
        case .unnamed: kind = isUnknownLabel ? .labelled(nil) : nil
        case .ordered(let version, let generation): kind = .ordered(version: version, generation: generation)
        case .labelled(let label): kind = .labelled(Name(label))
        }
    }

    package func encoded() -> [UInt8] {
        var writer = RecordWriter()
        writer.append(lastSequence)
        writer.append(floorSequence)
        writer.append(UInt8(kind == .labelled(nil) ? 1 : 0))
        writer.append(state.version)
        return writer.sealed(seed: 0)
    }

    /// What a client is told.
    package var state: SourceState {
        let version: DataVersion =
            switch kind {
            case nil, .labelled(nil): .unnamed
            case .ordered(let version, let generation): .ordered(version, generation: generation)
            case .labelled(let label?): .labelled(label.text)
            }
        return SourceState(version: version, lastSequence: lastSequence)
    }
}
