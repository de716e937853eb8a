import CacheModel
import CacheProtocol

/// Random messages within all limits, the same for the same seed.
struct MessageGenerator {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func request(_ opcode: Opcode) -> Request? {
        switch opcode {
        case .connection: nil
        case .hello:
            .hello(
                HelloRequest(
                    clientName: text(0...Limits.clientNameBytes), minimumVersion: 1,
                    maximumVersion: UInt8.random(in: 1...255, using: &random), token: bytes(0...Limits.tokenBytes)))
        case .ping: .ping(bytes(0...Limits.pingBytes))
        case .statistics: .statistics
        case .lookup: .lookup(LookupRequest(namespace: namespace(), array(1...4) { $0.lookup() }))
        case .insert:
            .insert(
                InsertRequest(namespace: namespace(), model: text(0...20), array(1...4) { $0.insertion() }))
        case .get: .get(GetRequest(namespace: namespace(), scope: maybe { $0.scope() }, entry: entryIdentifier()))
        case .delete:
            .delete(
                DeleteRequest(
                    namespace: namespace(), scope: maybe { $0.scope() },
                    entries: array(1...256) { $0.entryIdentifier() }))
        case .invalidate:
            .invalidate(InvalidateRequest(namespace: namespace(), array(1...8) { $0.invalidation() }))
        case .lease: .lease(LeaseRequest(namespace: namespace(), sources: array(0...64) { $0.source() }))
        case .purge: .purge(PurgeRequest(namespace: namespace(), flip() ? .scope(scope()) : .tag(text(1...128))))
        case .liftFence: .liftFence
        case .createNamespace: .createNamespace(CreateNamespaceRequest(name: namespace(), settings: settings()))
        case .listNamespaces: .listNamespaces
        case .dropNamespace: .dropNamespace(namespace())
        case .scan: .scan(ScanRequest(namespace: namespace(), scan: scan()))
        case .follow: .follow(FollowRequest(namespace: namespace(), followed: maybe { $0.namespace() }))
        }
    }

    mutating func reply(_ opcode: Opcode) -> Reply {
        switch opcode {
        case .connection: .failure(error(), .connection)
        case .hello:
            .hello(
                HelloReply(
                    protocolVersion: number(), serverVersion: text(0...40), position: position(),
                    capabilities: number()))
        case .ping: .ping(bytes(0...Limits.pingBytes))
        case .statistics: .statistics(text(0...2_000))
        case .lookup: .lookup(array(1...4) { $0.lookupReply() })
        case .insert: .insert(array(1...8) { $0.insertOutcome() })
        case .get: .get(entry(withPayload: true))
        case .delete: .delete(array(1...256) { $0.flip() })
        case .invalidate: .invalidate(array(1...8) { $0.invalidationOutcome() })
        case .lease: .lease(LeaseReply(lease: lease(), sources: array(0...64) { $0.sourceState() }))
        case .purge: .purge(receipt())
        case .liftFence: .liftFence(position())
        case .createNamespace: .createNamespace(namespaceDescription())
        case .listNamespaces: .listNamespaces(array(0...20) { $0.namespaceDescription() })
        case .dropNamespace: .dropNamespace(receipt())
        case .scan: .scan(page())
        case .follow: .follow(position())
        }
    }

    // MARK: Messages' parts

    mutating func lookup() -> Lookup {
        let key = maybe { $0.key() }
        return Lookup(
            scope: scope(), key: key, vector: key == nil || flip() ? vector() : nil,
            threshold: maybe { Float.random(in: -1...1, using: &$0.random) },
            neighbors: Int.random(in: Limits.neighborsRange, using: &random),
            maximumAgeMilliseconds: maybe { Int64.random(in: 0...(.max), using: &$0.random) },
            minimumPosition: maybe { $0.position() }, sources: array(0...5) { $0.source() }, omitsPayload: flip(),
            isExplained: flip())
    }

    mutating func scan() -> Scan {
        Scan(
            after: entryIdentifier(), scope: maybe { $0.scope() }, limit: Int.random(in: 1...256, using: &random),
            includesUnservable: flip(), omitsPayloads: flip(), omitsVectors: flip())
    }

    mutating func page() -> ScanPage {
        ScanPage(
            entries: array(0...4) { generator in
                ScannedEntry(
                    entry: generator.entry(withPayload: generator.flip()), fillSequence: generator.number(),
                    vector: generator.maybe { $0.vector() })
            }, last: entryIdentifier(), isAtEnd: flip(), newest: entryIdentifier(), position: position(),
            passedOver: ScanPage.PassedOver(
                stale: Int(number() as UInt32), expired: Int(number() as UInt32), damaged: Int(number() as UInt32)))
    }

    mutating func insertion() -> Insertion {
        let key = maybe { $0.key() }
        let vector = key == nil || flip() ? vector() : nil
        return Insertion(
            scope: scope(), key: key, vector: vector, prompt: maybe { $0.text(0...300) },
            payload: bytes(0...500), contentType: text(0...Limits.contentTypeBytes),
            dependencies: array(0...6) { Dependency($0.source(), $0.dataVersion()) },
            tags: array(0...4) { $0.text(1...128) },
            expiresAt: maybe {
                Timestamp(
                    milliseconds: Int64.random(in: 0...Limits.latestTimestampMilliseconds, using: &$0.random))
            }, costSavedNanodollars: number(), lease: maybe { $0.lease() },
            createdAt: maybe {
                Timestamp(
                    milliseconds: Int64.random(in: 0...Limits.latestTimestampMilliseconds, using: &$0.random))
            },
            norm: vector == nil ? nil : maybe { Float.random(in: 0.001...1_000, using: &$0.random) })
    }

    mutating func invalidation() -> Invalidation {
        let label = text(1...128)
        let changes: [Invalidation.Change] = [
            .version(number(), generation: position()), .label(label), .label(label, replacing: .label(text(1...128))),
            .label(label, replacing: .position(position())), .bump, .reset(version: number()),
        ]
        let change = changes[Int.random(in: changes.indices, using: &random)]
        return Invalidation(source: source(), change: change, incarnation: maybe { $0.number() })
    }

    mutating func lookupReply() -> LookupReply {
        let reasons = Miss.Reason.allCases
        let outcomes: [LookupOutcome] = [
            .hits(array(1...3) { $0.hit() }),
            .miss(
                Miss(
                    reason: reasons[Int.random(in: reasons.indices, using: &random)],
                    nearestSimilarity: maybe { Float.random(in: -1...1, using: &$0.random) })),
            .refused(error()),
        ]
        return LookupReply(
            outcome: outcomes[Int.random(in: outcomes.indices, using: &random)], lease: lease(),
            sourceSequences: array(0...5) { $0.number() }, searchNanoseconds: number(),
            explanation: maybe { $0.explanation() })
    }

    mutating func explanation() -> SearchExplanation {
        let plans = SearchExplanation.Plan.allCases
        var explanation = SearchExplanation(plan: plans[Int.random(in: plans.indices, using: &random)])
        explanation.counts.rows = number()
        explanation.counts.cellsVisited = number()
        explanation.counts.rowsCompared = number()
        explanation.times.prepareNanoseconds = number()
        explanation.times.compareNanoseconds = number()
        return explanation
    }

    mutating func hit() -> Hit {
        Hit(
            match: flip() ? .key : .vector, similarity: Float.random(in: -1...1, using: &random),
            entry: entry(withPayload: flip()))
    }

    mutating func entry(withPayload: Bool) -> StoredEntry {
        let payload = bytes(0...300)
        return StoredEntry(
            identifier: entryIdentifier(), scope: scope(), key: maybe { $0.key() },
            createdAt: Timestamp(milliseconds: number()), ageMilliseconds: number(),
            expiresAt: maybe { Timestamp(milliseconds: $0.number()) },
            norm: maybe { Float.random(in: 0...1_000, using: &$0.random) }, costSavedNanodollars: number(),
            prompt: maybe { $0.text(0...300) },
            dependencies: array(0...6) { Dependency($0.source(), $0.dataVersion()) },
            tags: array(0...4) { $0.text(1...128) },
            contentType: text(0...Limits.contentTypeBytes), payload: withPayload ? payload : nil,
            payloadBytes: payload.count)
    }

    mutating func insertOutcome() -> InsertOutcome {
        flip() ? .refused(error()) : .stored(entryIdentifier(), replaced: maybe { $0.entryIdentifier() })
    }

    mutating func invalidationOutcome() -> InvalidationOutcome {
        flip()
            ? .failure(error())
            : .success(InvalidationReceipt(changed: flip(), position: position(), state: sourceState()))
    }

    mutating func error() -> CacheError {
        let code = CacheError.Code.allCases[Int.random(in: CacheError.Code.allCases.indices, using: &random)]
        let pairs = array(0...4) { (String($0.number() as UInt16), $0.text(0...40)) }
        return CacheError(code, text(0...80), detail: Dictionary(pairs) { first, _ in first })
    }

    mutating func settings() -> NamespaceSettings {
        NamespaceSettings(
            dimension: maybe { Int.random(in: Limits.dimensionRange, using: &$0.random) }, model: text(0...128),
            threshold: Float.random(in: -1...1, using: &random),
            timeToLiveMilliseconds: maybe { Int64.random(in: 1...(.max), using: &$0.random) },
            capacity: maybe { Int.random(in: 1...Limits.rowsPerNamespace, using: &$0.random) })
    }

    mutating func namespaceDescription() -> NamespaceDescription {
        NamespaceDescription(
            name: namespace(), settings: settings(), entryCount: count(), rowCount: count(), scopeCount: count(),
            watermarkCount: count())
    }

    // MARK: Fields

    mutating func dataVersion() -> DataVersion {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: .unnamed
        case 1: .ordered(number(), generation: position())
        default: .labelled(text(1...128))
        }
    }

    mutating func receipt() -> PurgeReceipt { PurgeReceipt(entryCount: count(), position: position()) }
    mutating func sourceState() -> SourceState { SourceState(version: dataVersion(), lastSequence: number()) }
    mutating func position() -> Position { Position(incarnation: number(), sequence: number()) }
    mutating func lease() -> Lease { Lease(position: position(), namespace: number()) }
    mutating func scope() -> Scope { Scope(number()) }
    mutating func key() -> ExactKey { ExactKey(number()) }
    mutating func entryIdentifier() -> EntryIdentifier { EntryIdentifier(number()) }
    mutating func namespace() -> String { text(1...Limits.namespaceBytes) }
    mutating func source() -> String { text(1...Limits.sourceBytes) }
    mutating func count() -> Int { Int.random(in: 0...(.max), using: &random) }
    mutating func flip() -> Bool { Bool.random(using: &random) }

    mutating func vector() -> [Float] { array(1...40) { Float.random(in: -2...2, using: &$0.random) } }

    /// Now and then an end of the range.
    mutating func number<Number: FixedWidthInteger>() -> Number {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: .max
        case 1: .min
        default: Number.random(in: .min ... .max, using: &random)
        }
    }

    mutating func bytes(_ range: ClosedRange<Int>) -> [UInt8] { array(range) { $0.number() } }

    /// Text of so many bytes, of scalars of one through four bytes.
    mutating func text(_ range: ClosedRange<Int>) -> String {
        let length = Int.random(in: range, using: &random)
        var text = ""
        while text.utf8.count < length {
            let scalar = ["a", "/", "ß", "語", "🙂", "\u{0}"].randomElement(using: &random) ?? "a"
            text += text.utf8.count + scalar.utf8.count <= length ? scalar : "z"
        }
        return text
    }

    mutating func maybe<Value>(_ value: (inout Self) -> Value) -> Value? { flip() ? value(&self) : nil }

    mutating func array<Element>(_ range: ClosedRange<Int>, _ element: (inout Self) -> Element) -> [Element] {
        (0..<Int.random(in: range, using: &random)).map { _ in element(&self) }
    }
}
