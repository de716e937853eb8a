import CacheEngine
import CacheModel
import CacheStorage
import Foundation

/// What tests of the store ask of it, beside what `EngineHarness` does.
extension EngineHarness {
    var storePath: String { configuration.directory }

    func get(
        _ entry: EntryIdentifier, scope: Scope? = nil, in namespace: String = EngineHarness.namespace
    ) -> Result<StoredEntry, CacheError> {
        switch read(.get(namespace: namespace, scope: scope, entry: entry)) {
        case .entry(let entry): .success(entry)
        case .failed(let error): .failure(error)
        case .lookup, .page: .failure(CacheError(.internalError, "a read was answered by something else"))
        }
    }

    /// Every entry of the namespace that can be had by its number.
    func entries(through last: UInt64, in namespace: String = EngineHarness.namespace) -> [StoredEntry] {
        (1...max(1, last)).compactMap { try? get(EntryIdentifier($0), in: namespace).get() }
    }

    func delete(
        _ entries: [EntryIdentifier], scope: Scope? = nil, in namespace: String = EngineHarness.namespace
    ) -> [Bool] {
        guard case .deleted(let deleted) = write(.delete(namespace: namespace, entries: entries, scope: scope)) else {
            return []
        }
        return deleted
    }

    func create(_ name: String, _ settings: NamespaceSettings) -> Result<NamespaceDescription, CacheError> {
        switch write(.createNamespace(name, settings)) {
        case .created(let description): .success(description)
        case .failed(let error): .failure(error)
        default: .failure(CacheError(.internalError, "a creation was answered by something else"))
        }
    }

    func purge(_ purge: Purge, in namespace: String = EngineHarness.namespace) -> Result<PurgeReceipt, CacheError> {
        switch write(.purge(namespace: namespace, purge)) {
        case .purged(let receipt): .success(receipt)
        case .failed(let error): .failure(error)
        default: .failure(CacheError(.internalError, "a purge was answered by something else"))
        }
    }

    func drop(_ namespace: String) -> Result<PurgeReceipt, CacheError> {
        switch write(.dropNamespace(namespace)) {
        case .dropped(let receipt): .success(receipt)
        case .failed(let error): .failure(error)
        default: .failure(CacheError(.internalError, "a drop was answered by something else"))
        }
    }

    @discardableResult
    func reclaim() -> Int {
        guard case .reclaimed(let count) = write(.reclaim) else { return -1 }
        return count
    }

    func description(of namespace: String = EngineHarness.namespace) -> NamespaceDescription? {
        engine.namespaces().first { $0.name == namespace }
    }

    func counter(_ name: String) -> Int { engine.statistics().counts.first { $0.name == name }?.value ?? -1 }

    /// Closes the engine, lets `body` at the tables, and opens the engine again.
    func examine<Result>(_ body: (StorageEnvironment) throws -> Result) throws -> Result {
        engine.close()
        let result: Result
        do {
            let environment = try StorageEnvironment(directory: storePath, options: configuration.storage)
            result = try body(environment)
        }
        try reopen()
        return result
    }

    /// Records in the tables of entries.
    func recordCounts() throws -> [Table: Int] {
        try examine { environment in
            let reader = try environment.beginRead()
            var counts: [Table: Int] = [:]
            for table in [Table.entries, .payloads, .keys, .tags, .blocks, .garbage] {
                counts[table] = try reader.recordCount(table)
            }
            // Wherever they lie.
            counts[.payloads, default: 0] += try reader.recordCount(.rowPayloads)
            return counts
        }
    }
}

/// Insertions with random content.
struct StoreContents {
    var random: HistoryRandom

    init(seed: UInt64) { random = HistoryRandom(seed: seed) }

    mutating func vector(_ dimension: Int) -> [Float] {
        (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }

    /// Every field is there sometimes and missing sometimes; a key names its entry alone.
    mutating func insertion(_ number: Int, dimension: Int, lease: Lease? = nil, expiringAfter now: Timestamp)
        -> Insertion
    {
        let hasVector = random.chance(0.8)
        var insertion = Insertion(
            scope: Scope(UInt128(Int.random(in: 0..<4, using: &random))),
            key: !hasVector || random.chance(0.5) ? ExactKey(UInt128(number) << 64 | 7) : nil,
            vector: hasVector ? vector(dimension) : nil,
            payload: bytes(Int.random(in: 0...random.pick([0, 40, 3_000]), using: &random)),
            contentType: random.pick(["", "text/plain", "application/json"]),
            costSavedNanodollars: random.next() >> 20, lease: lease)
        if random.chance(0.7) { insertion.prompt = random.pick(["", "wie geht's?", "質問 \(number)"]) }
        for source in 0..<Int.random(in: 0...3, using: &random) {
            insertion.dependencies.append(
                Dependency(
                    "kb/\(source)",
                    random.pick([.ordered(UInt64(number)), .labelled("commit-\(number)"), .unnamed])))
        }
        if lease == nil { insertion.dependencies.removeAll { $0.version == .unnamed } }
        for tag in 0..<Int.random(in: 0...3, using: &random) { insertion.tags.append("tag-\(tag)") }
        if random.chance(0.3) {
            insertion.expiresAt = now.advanced(byMilliseconds: Int64.random(in: 1...1_000_000, using: &random))
        }
        return insertion
    }
}
