import CacheModel
import CacheStorage
import Testing

@Suite struct TransactionTests {
    private let folder = TemporaryDirectory()

    private static func bytes(_ value: UnsafeRawBufferPointer?) -> [UInt8]? { value.map { Array($0) } }

    private static func code(_ body: () throws(CacheError) -> Void) -> CacheError.Code? {
        do { try body() } catch { return error.code }
        return nil
    }

    @Test(arguments: Durability.allCases)
    func whatIsCommittedIsThereAfterReopening(durability: Durability) throws {
        do {
            let environment = try folder.environment(durability: durability)
            for (purpose, key) in [(CommitPurpose.entries, 1), (.invalidation, 2)] as [(CommitPurpose, UInt8)] {
                let writer = try environment.beginWrite()
                try writer.put(.entries, [key], [key, key])
                try writer.commit(purpose)
            }
            try environment.synchronize()
        }
        let reader = try folder.environment(durability: durability).beginRead()
        #expect(Self.bytes(try reader.value(.entries, [1])) == [1, 1])
        #expect(Self.bytes(try reader.value(.entries, [2])) == [2, 2])
        #expect(try reader.value(.entries, [3]) == nil)
        #expect(try reader.value(.payloads, [1]) == nil)
        withExtendedLifetime(reader) {}
    }

    @Test func aTransactionThatIsNotCommittedChangesNothing() throws {
        let environment = try folder.environment()
        do {
            let forgotten = try environment.beginWrite()
            try forgotten.put(.entries, [1], [1])
        }
        let aborted = try environment.beginWrite()
        try aborted.put(.entries, [1], [1])
        aborted.abort()
        aborted.abort()
        #expect(try environment.beginRead().recordCount(.entries) == 0)
    }

    @Test func committingTwiceOrAfterAnAbortIsAnError() throws {
        let environment = try folder.environment()
        let writer = try environment.beginWrite()
        try writer.put(.entries, [1], [1])
        try writer.commit(.entries)
        #expect(Self.code { () throws(CacheError) in try writer.commit(.entries) } == .internalError)
        writer.abort()
        let aborted = try environment.beginWrite()
        aborted.abort()
        #expect(Self.code { () throws(CacheError) in try aborted.commit(.entries) } == .internalError)
        #expect(try environment.beginRead().recordCount(.entries) == 1)
    }

    @Test func aSnapshotKeepsShowingWhatItShowed() throws {
        let environment = try folder.environment()
        func put(_ value: UInt8) throws {
            let writer = try environment.beginWrite()
            try writer.put(.entries, [1], [value])
            try writer.commit(.entries)
        }
        try put(1)
        let old = try environment.beginRead()
        for value in 2...20 as ClosedRange<UInt8> { try put(value) }
        let new = try environment.beginRead()
        #expect(Self.bytes(try old.value(.entries, [1])) == [1])
        #expect(Self.bytes(try new.value(.entries, [1])) == [20])
        #expect(new.commitNumber == old.commitNumber + 19)
        withExtendedLifetime((old, new)) {}
    }

    @Test func recordsAreVisitedInOrderAndByTheirPrefix() throws {
        let environment = try folder.environment()
        let writer = try environment.beginWrite()
        for key in [[2], [1, 2], [1, 1, 9], [1], [0], [1, 1]] as [[UInt8]] { try writer.put(.keys, key, key + [0]) }
        func visit(from start: [UInt8] = [], prefix: [UInt8]? = nil, limit: Int = 100) throws -> [[UInt8]] {
            var visited: [[UInt8]] = []
            func take(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
                #expect(Array(value) == Array(key) + [0])
                visited.append(Array(key))
                return visited.count < limit
            }
            if let prefix {
                try writer.forEach(.keys, prefix: prefix) { (key, value) throws(CacheError) in take(key, value) }
            } else {
                try writer.forEach(.keys, from: start) { (key, value) throws(CacheError) in take(key, value) }
            }
            return visited
        }
        #expect(try visit() == [[0], [1], [1, 1], [1, 1, 9], [1, 2], [2]])
        #expect(try visit(from: [1, 1, 1]) == [[1, 1, 9], [1, 2], [2]])
        #expect(try visit(from: [3]) == [])
        #expect(try visit(prefix: [1, 1]) == [[1, 1], [1, 1, 9]])
        #expect(try visit(prefix: [7]) == [])
        #expect(try visit(limit: 2) == [[0], [1]])
    }

    @Test func deletingSaysWhetherThereWasSomething() throws {
        let environment = try folder.environment()
        let writer = try environment.beginWrite()
        try writer.put(.entries, [1], [])
        #expect(Self.bytes(try writer.value(.entries, [1])) == [])
        #expect(try writer.delete(.entries, [1]))
        #expect(try !writer.delete(.entries, [1]))
        try writer.put(.tags, [1], [1])
        try writer.put(.keys, [1], [1])
        try writer.removeAll(.tags)
        #expect(try writer.recordCount(.tags) == 0)
        #expect(try writer.recordCount(.keys) == 1)
    }

    @Test(arguments: [(28 as CInt, CacheError.Code.storageFull), (5, .storageFailed)])
    func aCommitThatFailsIsNamedAndStoresNothing(fault: CInt, code: CacheError.Code) throws {
        let options = StorageOptions(mapBytes: 1 << 20) { purpose in purpose == .entries ? fault : 0 }
        let environment = try StorageEnvironment(directory: folder.path, options: options)
        let writer = try environment.beginWrite()
        try writer.put(.entries, [1], [1])
        #expect(Self.code { () throws(CacheError) in try writer.commit(.entries) } == code)
        #expect(try environment.beginRead().recordCount(.entries) == 0)
        let next = try environment.beginWrite()
        try next.put(.entries, [1], [1])
        try next.commit(.invalidation)
        #expect(try environment.beginRead().recordCount(.entries) == 1)
    }

    @Test func aFullMapIsStorageFullAndTheStoreGoesOn() throws {
        let environment = try folder.environment(mapBytes: 1 << 20)
        let writer = try environment.beginWrite()
        let code = Self.code { () throws(CacheError) in
            for key in 0...255 as ClosedRange<UInt8> {
                try writer.put(.payloads, [key], [UInt8](repeating: 1, count: 10_000))
            }
        }
        #expect(code == .storageFull)
        // One failed write spoils the transaction.
        #expect(Self.code { () throws(CacheError) in try writer.put(.payloads, [1], [1]) } != nil)
        writer.abort()
        let next = try environment.beginWrite()
        try next.put(.payloads, [1], [1])
        try next.commit(.entries)
        #expect(try environment.beginRead().recordCount(.payloads) == 1)
    }

    @Test func aCopyOfALiveStoreIsAStoreOfItsOwn() throws {
        let environment = try folder.environment()
        let writer = try environment.beginWrite()
        try writer.put(.entries, [1], [1])
        try writer.commit(.entries)
        let copy = TemporaryDirectory()
        try environment.copy(to: copy.path)
        let reader = try copy.environment().beginRead()
        #expect(Self.bytes(try reader.value(.entries, [1])) == [1])
        withExtendedLifetime(reader) {}
        #expect(try copy.mode(of: "data.mdb") & 0o077 == 0)
    }
}
