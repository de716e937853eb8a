package import CacheModel
package import CacheStorage
internal import HashTreeCollections

/// The changes of the table. Each validates first and changes nothing when it throws.
extension WatermarkTable {
    /// What news did. A change and an announcement must both reach the disk before the receipt is sent.
    package struct Applied: Sendable {
        package var receipt: InvalidationReceipt
        package var isAnnounced: Bool
    }

    /// Applies news about a source.
    ///
    /// - Throws: `kind-mismatch`, `generation-conflict` or `label-conflict`, with `current` and `position` in their detail.
    package mutating func apply(
        _ invalidation: Invalidation, in identifier: NamespaceIdentifier
    ) throws(CacheError) -> Applied {
        guard var namespace = self[identifier] else { throw CacheError(.internalError, "no such namespace identifier") }
        let source = Name(invalidation.source)
        let before = namespace.sources[source]
        let after = try Self.next(
            before, invalidation, generation: Position(incarnation: incarnation, sequence: sequence + 1))
        // Only news that names the present incarnation lifts the fence: a late retry of an old announcement must not.
        // Beyond the limit a source stays fenced, which forgets answers and never freshness.
        let isAnnounced =
            isFenced && invalidation.incarnation == incarnation && !namespace.announced.contains(source)
            && namespace.announced.count < Limits.watermarksPerNamespace
        if isAnnounced { namespace.announced.insert(source) }
        if var after {
            sequence += 1
            after.lastSequence = sequence
            // A bump sets the floor to its own sequence; a named version or label clears it.
            if invalidation.change == .bump { after.floorSequence = sequence }
            namespace.sources[source] = after
        }
        self[identifier] = namespace
        let state = (after == nil ? before : namespace.sources[source])?.state
        return Applied(
            receipt: InvalidationReceipt(
                changed: after != nil, position: Position(incarnation: incarnation, sequence: sequence),
                state: state ?? SourceState(version: .unnamed, lastSequence: 0)),
            isAnnounced: isAnnounced)
    }

    /// The watermark after the news, without its sequences; nil when the source is there already.
    private static func next(
        _ watermark: WatermarkRecord?, _ invalidation: Invalidation, generation: Generation
    ) throws(CacheError) -> WatermarkRecord? {
        var next = watermark ?? WatermarkRecord()
        next.floorSequence = 0
        switch invalidation.change {
        case .version(let version, let named):
            switch next.kind {
            case .labelled: throw conflict(generation.incarnation, .kindMismatch, "is known by labels, not by versions", invalidation, next)
            case .ordered(_, let current) where current != named:
                throw conflict(generation.incarnation, .generationConflict, "is in another generation", invalidation, next)
            case .ordered(let current, _) where current >= version: return nil
            case .ordered, nil: next.kind = .ordered(version: version, generation: named)
            }
        case .label(let label, let expectation):
            if case .ordered = next.kind {
                throw conflict(generation.incarnation, .kindMismatch, "is known by versions, not by labels", invalidation, next)
            }
            if next.kind == .labelled(Name(label)) { return nil }
            if let watermark, !meets(expectation, watermark, incarnation: generation.incarnation) {
                throw conflict(generation.incarnation, .labelConflict, "has another label than the one to be replaced", invalidation, next)
            }
            next.kind = .labelled(Name(label))
        case .bump:
            if case .labelled = next.kind { next.kind = .labelled(nil) }
        case .reset(let version):
            if case .labelled = next.kind {
                throw conflict(generation.incarnation, .kindMismatch, "is known by labels, not by versions", invalidation, next)
            }
            // Named by its own position, the generation is unique even after a fold or a restore.
            next.kind = .ordered(version: version, generation: generation)
        }
        return next
    }

    private static func meets(
        _ expectation: Invalidation.LabelExpectation, _ watermark: WatermarkRecord, incarnation: UInt64
    ) -> Bool {
        switch expectation {
        case .nothing: false
        case .label(let label): watermark.kind == .labelled(Name(label))
        case .position(let position):
            position == Position(incarnation: incarnation, sequence: watermark.lastSequence)
        }
    }

    private static func conflict(
        _ incarnation: UInt64, _ code: CacheError.Code, _ text: String, _ invalidation: Invalidation,
        _ watermark: WatermarkRecord
    ) -> CacheError {
        CacheError(
            code, "\(invalidation.source) \(text)",
            detail: [
                "source": invalidation.source, "current": watermark.state.version.text,
                "position": Position(incarnation: incarnation, sequence: watermark.lastSequence).description,
            ])
    }

    // MARK: Purges, drops, folds, the fence

    /// Bumps a tag or a scope.
    package mutating func purge(_ key: WatermarkKey, in identifier: NamespaceIdentifier) {
        sequence += 1
        var record = WatermarkRecord()
        record.lastSequence = sequence
        record.floorSequence = sequence
        self[identifier]?[key] = record
    }

    /// Forgets the content of a namespace. Its watermarks stay, and its floor rises above every lease handed out so far.
    package mutating func drop(_ identifier: NamespaceIdentifier) {
        guard var namespace = self[identifier] else { return }
        sequence += 1
        namespace.record.content = nil
        // A namespace of this name that is made later is another one. Followers of the name go on following it.
        namespace.record.follows = nil
        namespace.record.floors.sources = sequence
        namespace.record.floors.tags = sequence
        self[identifier] = namespace
    }

    /// Folds the oldest watermarks of a namespace into its floors until at most `limit` are left: that forgets answers, never
    /// freshness, as versions named so far cannot be compared any more.
    ///
    /// - Returns: the keys that are gone.
    package mutating func fold(_ identifier: NamespaceIdentifier, downTo limit: Int) -> [WatermarkKey] {
        guard var namespace = self[identifier], namespace.count > limit else { return [] }
        sequence += 1
        let oldest = namespace.allKeys.sorted { $0.lastSequence < $1.lastSequence }.prefix(namespace.count - limit)
        for (key, _) in oldest {
            namespace[key] = nil
            switch key {
            case .source: namespace.record.floors.sources = sequence
            case .tag: namespace.record.floors.tags = sequence
            case .scope: namespace.record.floors.scopes = sequence
            }
        }
        self[identifier] = namespace
        return oldest.map(\.key)
    }

    /// An operator vouches for what the store knows.
    package mutating func liftFence() {
        sequence += 1
        isFenced = false
        lossSequence = 0
        for (identifier, var namespace) in namespaces {
            guard namespace.announced.count > 0 else { continue }
            namespace.announced = []
            self[identifier] = namespace
        }
    }
}
