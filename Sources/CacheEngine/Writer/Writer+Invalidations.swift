internal import CacheModel
internal import CacheStorage
internal import HashTreeCollections

/// Invalidations, purges, drops and the fence: ahead of inserts, in a transaction of their own, on the disk before they are answered.
extension Writer {
    func commitInvalidations(_ writes: [PendingWrite]) {
        counters.timings.writesTaken(writes, at: .now)
        var newTable = table
        var changes = unwritten
        let replies = writes.map { apply($0.request, &newTable, &changes) }
        do {
            // Also when nothing changed now: `already` may be answered only once what made it so is on the disk.
            if !changes.isEmpty {
                try write(changes, newTable)
                counters.timings.grouped(.invalidation, count: writes.count)
            }
        } catch {
            // The news is believed all the same: nothing stale is served while the disk does not work. But nobody is told that
            // it is done, and leases stay at the position that is durable.
            unwritten = changes
            table = newTable
            published.publish(newTable)
            for write in writes { write.reply(.failed(error)) }
            return
        }
        for (write, reply) in zip(writes, replies) {
            counters.count(reply)
            write.reply(reply)
        }
        reclaimer.isDue = true
    }

    /// Writes and commits; on a full disk once more, after the reserve was given back.
    private func write(_ changes: WatermarkChanges, _ newTable: WatermarkTable) throws(CacheError) {
        do {
            try writeOnce(changes, newTable)
        } catch {
            guard error.code == .storageFull else { throw error }
            directory.releaseReserve()
            try writeOnce(changes, newTable)
            directory.keepReserve()
        }
    }

    private func writeOnce(_ changes: WatermarkChanges, _ newTable: WatermarkTable) throws(CacheError) {
        let editor = try beginEditing()
        try changes.write(from: durableTable, to: newTable, with: editor)
        var durable = newTable
        durable.durableSequence = newTable.sequence
        try commit(editor, .invalidation, table: durable, durableTable: durable)
        unwritten = WatermarkChanges()
    }

    // MARK: Applying

    private func apply(
        _ request: WriteRequest, _ table: inout WatermarkTable, _ changes: inout WatermarkChanges
    ) -> WriteReply {
        do {
            switch request {
            case .invalidate(let name, let invalidations):
                return try invalidate(name, invalidations, &table, &changes)
            case .purge(let name, let purge):
                return .purged(try self.purge(name, purge, &table, &changes))
            case .dropNamespace(let name):
                return .dropped(try drop(name, &table, &changes))
            case .follow(let name, let followed):
                return .following(try follow(name, followed, &table, &changes))
            case .liftFence:
                if table.isFenced {
                    table.liftFence()
                    changes.includesStore = true
                }
                return .fenceLifted(Position(incarnation: table.incarnation, sequence: table.sequence))
            case .insert, .delete, .createNamespace, .reclaim:
                return .failed(CacheError(.internalError, "a request went to the wrong queue"))
            }
        } catch {
            return .failed(error)
        }
    }

    /// The identifier of a namespace, a new one's record among the changes: a watermark on the disk whose namespace is not there
    /// would be lost at the next start.
    private func identify(
        _ name: String, _ table: inout WatermarkTable, _ changes: inout WatermarkChanges
    ) throws(CacheError) -> NamespaceIdentifier {
        guard let identifier = table.identify(name) else {
            throw CacheError(
                .limitExceeded, "the store knows as many namespaces as it may",
                detail: ["limit": String(Limits.namespaceCount)])
        }
        if durableTable[identifier] == nil { changes.insert(identifier) }
        return identifier
    }

    private func invalidate(
        _ name: String, _ invalidations: [Invalidation], _ table: inout WatermarkTable,
        _ changes: inout WatermarkChanges
    ) throws(CacheError) -> WriteReply {
        try RequestRules.check(namespace: name)
        var outcomes: [Result<InvalidationReceipt, CacheError>] = []
        for invalidation in invalidations {
            do throws(CacheError) {
                try RequestRules.check(invalidation)
                let identifier = try identify(name, &table, &changes)
                let applied = try table.apply(invalidation, in: identifier)
                if applied.receipt.changed || applied.isAnnounced {
                    note(.source(Name(invalidation.source)), identifier, &table, &changes)
                }
                foldIfNeeded(identifier, &table, &changes)
                outcomes.append(.success(applied.receipt))
            } catch {
                outcomes.append(.failure(error))
            }
        }
        return .invalidated(outcomes)
    }

    /// A watermark has changed: its followers' change with it.
    private func note(
        _ key: WatermarkKey, _ identifier: NamespaceIdentifier, _ table: inout WatermarkTable,
        _ changes: inout WatermarkChanges
    ) {
        changes.insert(key, identifier)
        for follower in table.pass(key, from: identifier) {
            changes.insert(key, follower)
            foldIfNeeded(follower, &table, &changes)
        }
    }

    private func follow(
        _ name: String, _ followed: String?, _ table: inout WatermarkTable, _ changes: inout WatermarkChanges
    ) throws(CacheError) -> Position {
        try RequestRules.check(namespace: name)
        var target: NamespaceIdentifier?
        if let followed {
            try RequestRules.check(namespace: followed)
            guard let known = table.identifiers[Name(followed)] else {
                throw CacheError(.namespaceNotFound, "there is no such namespace", detail: ["namespace": followed])
            }
            target = known
        }
        let identifier = try identify(name, &table, &changes)
        for key in try table.follow(target, by: identifier) { changes.insert(key, identifier) }
        changes.insert(identifier)
        foldIfNeeded(identifier, &table, &changes)
        return Position(incarnation: table.incarnation, sequence: table.sequence)
    }

    /// An eighth at once, as each fold forgets the answers of the whole namespace.
    private func foldIfNeeded(
        _ identifier: NamespaceIdentifier, _ table: inout WatermarkTable, _ changes: inout WatermarkChanges
    ) {
        let limit = configuration.watermarkLimit
        guard let count = table[identifier]?.count, count > limit else { return }
        for key in table.fold(identifier, downTo: limit - limit / 8) { changes.insert(key, identifier) }
    }

    private func purge(
        _ name: String, _ purge: Purge, _ table: inout WatermarkTable, _ changes: inout WatermarkChanges
    ) throws(CacheError) -> PurgeReceipt {
        try RequestRules.check(namespace: name)
        try RequestRules.check(purge)
        let identifier = try identify(name, &table, &changes)
        let floors = table[identifier]?.record.floors ?? .init()
        let (key, floor): (WatermarkKey, UInt64) =
            switch purge {
            case .scope(let scope): (.scope(scope), floors.scopes)
            case .tag(let tag): (.tag(Name(tag)), floors.tags)
            }
        let previous = max(floor, table[identifier]?[key]?.lastSequence ?? 0)
        let count = try entryCount(purge, table[identifier]?.record.content, filledFrom: previous)
        table.purge(key, in: identifier)
        note(key, identifier, &table, &changes)
        foldIfNeeded(identifier, &table, &changes)
        return PurgeReceipt(
            entryCount: count, position: Position(incarnation: table.incarnation, sequence: table.sequence))
    }

    private func drop(
        _ name: String, _ table: inout WatermarkTable, _ changes: inout WatermarkChanges
    ) throws(CacheError) -> PurgeReceipt {
        try RequestRules.check(namespace: name)
        guard let identifier = table.identifiers[Name(name)], let content = table[identifier]?.record.content else {
            throw CacheError(.namespaceNotFound, "there is no such namespace", detail: ["namespace": name])
        }
        let count = view[content]?.entryCount ?? 0
        table.drop(identifier)
        changes.insert(identifier)
        return PurgeReceipt(
            entryCount: count, position: Position(incarnation: table.incarnation, sequence: table.sequence))
    }
}
