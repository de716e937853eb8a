package import CacheEngine
import CacheModel
package import CacheProtocol

/// Turns what the engine answers into the reply to a client's request.
package struct ReplyAssembly: Sendable {
    let opcode: Opcode
    /// Items of the client's batch that the engine did not get.
    let refusals: BatchRefusals?

    package init(opcode: Opcode, refusals: BatchRefusals? = nil) {
        self.opcode = opcode
        self.refusals = refusals
    }

    package func reply(to answer: ReadReply) -> Reply {
        switch answer {
        case .lookup(let replies) where opcode == .lookup:
            guard let lease = replies.first?.lease else { return unexpected }
            return lookup(replies, lease: lease)
        case .entry(let entry) where opcode == .get: return .get(entry)
        case .page(let page) where opcode == .scan: return .scan(page)
        case .failed(let error): return failure(error)
        case .lookup, .entry, .page: return unexpected
        }
    }

    package func reply(to answer: WriteReply) -> Reply {
        switch (answer, opcode) {
        case (.inserted(let outcomes), .insert):
            guard let refusals else { return .insert(outcomes) }
            let merged = refusals.merge(outcomes, refused: InsertOutcome.refused) { outcome in
                guard case .refused(let error) = outcome else { return outcome }
                return .refused(refusals.reindex(error))
            }
            return merged.map(Reply.insert) ?? unexpected
        case (.invalidated(let outcomes), .invalidate):
            guard let refusals else { return .invalidate(outcomes) }
            let merged = refusals.merge(outcomes, refused: InvalidationOutcome.failure) {
                $0.mapError(refusals.reindex)
            }
            return merged.map(Reply.invalidate) ?? unexpected
        case (.deleted(let found), .delete): return .delete(found)
        case (.created(let description), .createNamespace): return .createNamespace(description)
        case (.purged(let receipt), .purge): return .purge(receipt)
        case (.dropped(let receipt), .dropNamespace): return .dropNamespace(receipt)
        case (.fenceLifted(let position), .liftFence): return .liftFence(position)
        case (.following(let position), .follow): return .follow(position)
        case (.failed(let error), _): return failure(error)
        default: return unexpected
        }
    }

    /// - Parameter lease: for the lookups that are refused.
    func lookup(_ replies: [LookupReply], lease: Lease) -> Reply {
        guard let refusals else { return .lookup(replies) }
        let merged = refusals.merge(replies) { error in
            LookupReply(outcome: .refused(error), lease: lease, sourceSequences: [], searchNanoseconds: 0)
        } reindexed: { reply in
            guard case .refused(let error) = reply.outcome else { return reply }
            var reply = reply
            reply.outcome = .refused(refusals.reindex(error))
            return reply
        }
        return merged.map(Reply.lookup) ?? unexpected
    }

    private func failure(_ error: CacheError) -> Reply { .failure(refusals?.reindex(error) ?? error, opcode) }

    private var unexpected: Reply {
        .failure(CacheError(.internalError, "the engine's answer does not fit the request"), opcode)
    }
}
