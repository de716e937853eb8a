import CacheModel
import CacheProtocol

extension Lease {
    static let sample = Lease(position: Position(incarnation: 7, sequence: 3), namespace: namespaceFingerprint("n"))
}

extension LookupReply {
    static let miss = LookupReply(
        outcome: .miss(Miss(reason: .nothingStored)), lease: .sample, sourceSequences: [], searchNanoseconds: 1)

    static func hit(_ payload: [UInt8]?) -> LookupReply {
        var entry = StoredEntry.sample(EntryIdentifier(5))
        entry.payload = payload
        entry.payloadBytes = payload?.count ?? 9
        let hit = Hit(match: .vector, similarity: 0.97, entry: entry)
        return LookupReply(outcome: .hits([hit]), lease: .sample, sourceSequences: [], searchNanoseconds: 1)
    }
}

extension StoredEntry {
    static func sample(_ identifier: EntryIdentifier) -> StoredEntry {
        StoredEntry(
            identifier: identifier, scope: .shared, key: nil, createdAt: Timestamp(milliseconds: 1), ageMilliseconds: 2,
            expiresAt: nil, norm: nil, costSavedNanodollars: 0, prompt: nil, dependencies: [], tags: [],
            contentType: "text/plain", payload: [], payloadBytes: 0)
    }
}

extension ScriptedService.Arrival {
    /// Answers a ping.
    func echo() { if case .ping(let bytes) = request { reply(.ping(bytes)) } }
}
