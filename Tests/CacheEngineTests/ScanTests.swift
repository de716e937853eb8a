import CacheEngine
import CacheModel
import CacheStorage
import Testing

extension EngineHarness {
    func page(_ scan: Scan = Scan(), of namespace: String = EngineHarness.namespace) throws -> ScanPage {
        switch read(.scan(namespace: namespace, scan)) {
        case .page(let page): return page
        case .failed(let error): throw error
        default: throw CacheError(.internalError, "a scan was answered by something else")
        }
    }

    /// All pages as one.
    func scanned(_ scan: Scan = Scan(), of namespace: String = EngineHarness.namespace) throws -> ScanPage {
        var scan = scan
        var whole = try page(scan, of: namespace)
        while !whole.isAtEnd {
            scan.after = whole.last
            let next = try page(scan, of: namespace)
            whole.entries += next.entries
            whole.passedOver += next.passedOver
            (whole.last, whole.isAtEnd) = (next.last, next.isAtEnd)
        }
        return whole
    }

    /// Stores the copies of what a scan has found.
    @discardableResult
    func copy(_ page: ScanPage, to namespace: String, vector: [Float]? = nil) -> [InsertOutcome] {
        let insertions = page.entries.compactMap {
            $0.insertion(into: namespace, from: page.position.incarnation, at: engine.position, vector: vector)
        }
        return insert(insertions, into: namespace)
    }

    func follow(_ followed: String?, by namespace: String) -> Result<Position, CacheError> {
        switch write(.follow(namespace: namespace, followed: followed)) {
        case .following(let position): .success(position)
        case .failed(let error): .failure(error)
        default: .failure(CacheError(.internalError, "a follow was answered by something else"))
        }
    }
}

@Suite struct ScanTests {
    let harness: EngineHarness

    init() throws { harness = try EngineHarness() }

    private func insertion(_ number: Int) -> Insertion {
        Insertion(
            scope: Scope(UInt128(number % 3)), key: number % 2 == 0 ? ExactKey(UInt128(number)) : nil,
            vector: number % 5 == 4 ? nil : [1, Float(number), -3.7], prompt: number % 4 == 0 ? nil : "p\(number)",
            payload: [UInt8(truncatingIfNeeded: number)], contentType: "a/b",
            dependencies: number % 3 == 0 ? [Dependency("kb/\(number % 7)", .ordered(5))] : [],
            tags: number % 6 == 1 ? ["t"] : [], costSavedNanodollars: UInt64(number))
    }

    @Test func everyEntryIsReadOnceAndInTheOrderOfTheNumbers() throws {
        // Entries without a vector need a key.
        let stored = harness.insert((0..<300).map(insertion).filter { $0.key != nil || $0.vector != nil })
            .compactMap(\.entry)
        #expect(stored.count == 270)
        for limit in [1, 7, 256] {
            let whole = try harness.scanned(Scan(limit: limit))
            #expect(whole.entries.map(\.entry.identifier) == stored)
            #expect(whole.newest == stored.last && whole.passedOver.count == 0)
        }
        let after = try harness.page(Scan(after: stored[100], limit: 3))
        #expect(after.entries.map(\.entry.identifier) == Array(stored[101...103]) && !after.isAtEnd)
        let scope = try harness.scanned(Scan(scope: Scope(2), limit: 10))
        #expect(scope.entries.allSatisfy { $0.entry.scope == Scope(2) } && scope.entries.count == 90)
    }

    @Test func anEntryIsReadAsGetReadsItWithTheBitsThatAreSearched() throws {
        let lease = harness.lease()
        var inserted = insertion(13)
        inserted.lease = lease
        inserted.dependencies = [Dependency("kb/a")]
        let entry = try #require(harness.insert(inserted).entry)
        let scanned = try #require(try harness.page().entries.first)
        #expect(scanned.entry == (try harness.get(entry).get()))
        #expect(scanned.fillSequence == lease.position.sequence)
        let vector = try #require(scanned.vector)
        let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(abs(length - 1) < 1e-7)
        #expect(harness.lookup(Lookup(scope: Scope(1), vector: vector, threshold: 1)).hits.first?.similarity == 1)
        let bare = try harness.page(Scan(omitsPayloads: true, omitsVectors: true)).entries[0]
        #expect(bare.vector == nil && bare.entry.payload == nil && bare.entry.payloadBytes == 1)
    }

    @Test func whatDoesNotHoldIsPassedOverAndCounted() throws {
        _ = harness.insert([insertion(3), insertion(8)])
        var brief = insertion(10)
        brief.expiresAt = harness.clock.now.advanced(byMilliseconds: 5)
        _ = harness.insert(brief)
        harness.invalidate("kb/3", .version(6))
        harness.clock.advance(milliseconds: 6)
        let page = try harness.page()
        #expect(page.entries.map(\.entry.payload) == [[8]])
        #expect(page.passedOver == ScanPage.PassedOver(stale: 1, expired: 1))
        let all = try harness.page(Scan(includesUnservable: true))
        #expect(all.entries.map(\.entry.payload) == [[3], [8], [10]] && all.passedOver.count == 0)
    }

    @Test func aPageEndsAtItsBytesUnlessASingleEntryHasMore() throws {
        let large = (0..<3).map { number in
            Insertion(
                key: ExactKey(UInt128(number)), payload: [UInt8](repeating: 1, count: Limits.scanPageBytes / 2 + 1))
        }
        _ = harness.insert(large)
        _ = harness.insert(
            Insertion(key: ExactKey(9), payload: [UInt8](repeating: 2, count: Limits.scanPageBytes + 1)))
        var (scan, sizes) = (Scan(), [Int]())
        while true {
            let page = try harness.page(scan)
            sizes.append(page.entries.count)
            scan.after = page.last
            if page.isAtEnd { break }
        }
        #expect(sizes.filter { $0 > 0 } == [1, 1, 1, 1])
    }

    @Test func aScanOfNothingSaysWhatIsWrongOrIsAtItsEnd() throws {
        #expect(throws: CacheError.self) { try harness.page(of: "nobody") }
        _ = harness.create("empty", NamespaceSettings())
        #expect(try harness.page(of: "empty").isAtEnd)
        _ = harness.insert(insertion(1))
        #expect(try harness.page(Scan(after: EntryIdentifier(.max))).isAtEnd)
    }
}
