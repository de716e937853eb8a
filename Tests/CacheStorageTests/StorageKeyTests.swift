import CacheModel
import CacheStorage
import Testing

@Suite struct StorageKeyTests {
    private static let numbers32: [UInt32] = [0, 1, 255, 256, 65_535, 65_536, 1 << 24, .max - 1, .max]
    private static let numbers64: [UInt64] = [0, 1, 255, 256, 1 << 32, 1 << 63, .max - 1, .max]

    private static func ascends(_ keys: [[UInt8]]) -> Bool {
        zip(keys, keys.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) }
    }

    @Test func keysOrderAsTheirNumbersDo() {
        #expect(Self.ascends(Self.numbers32.map { StorageKey.namespace(NamespaceIdentifier($0)) }))
        #expect(Self.ascends(Self.numbers32.map { StorageKey.content(ContentIdentifier($0)) }))
        #expect(Self.ascends(Self.numbers32.map { StorageKey.block(ContentIdentifier(3), $0) }))
        #expect(Self.ascends(Self.numbers64.map { StorageKey.entry(ContentIdentifier(3), EntryIdentifier($0)) }))
        #expect(Self.ascends(Self.numbers64.map { StorageKey.tag(ContentIdentifier(3), "a", EntryIdentifier($0)) }))
        // The first number decides before the second one.
        #expect(
            Self.ascends([
                StorageKey.entry(ContentIdentifier(1), EntryIdentifier(.max)),
                StorageKey.entry(ContentIdentifier(2), EntryIdentifier(0)),
            ]))
    }

    @Test func keysHaveTheSizesThatTheirCommentsSay() {
        let content = ContentIdentifier(1)
        #expect(StorageKey.store.count == 1)
        #expect(StorageKey.namespace(NamespaceIdentifier(1)).count == 4)
        #expect(StorageKey.entry(content, EntryIdentifier(1)).count == 12)
        #expect(StorageKey.block(content, 1).count == 8)
        #expect(StorageKey.keysOfScope(content, .shared).count == 20)
        #expect(StorageKey.exactKey(content, .shared, ExactKey(1)).count == 36)
        let source = String(repeating: "s", count: Limits.sourceBytes)
        let tag = String(repeating: "t", count: Limits.tagBytes)
        #expect(StorageKey.watermark(NamespaceIdentifier(1), .source, Array(source.utf8)).count == 260)
        #expect(StorageKey.announcement(NamespaceIdentifier(1), source).count <= 511)
        #expect(StorageKey.tag(content, tag, EntryIdentifier(1)).count <= 511)
    }

    @Test func allKeysOfAScopeOrATagAndNoOthersBeginAlike() {
        let content = ContentIdentifier(9)
        let scope = Scope(5)
        #expect(
            StorageKey.exactKey(content, scope, ExactKey(.max)).starts(with: StorageKey.keysOfScope(content, scope)))
        #expect(
            !StorageKey.exactKey(content, Scope(6), ExactKey(0)).starts(with: StorageKey.keysOfScope(content, scope)))
        #expect(StorageKey.tag(content, "a", EntryIdentifier(1)).starts(with: StorageKey.entries(content, tag: "a")))
        #expect(!StorageKey.tag(content, "ab", EntryIdentifier(1)).starts(with: StorageKey.entries(content, tag: "a")))
        #expect(!StorageKey.tag(content, "a", EntryIdentifier(1)).starts(with: StorageKey.entries(content, tag: "ab")))
    }

    @Test func numbersAreReadBackAndAShortKeyHasNone() {
        let key = StorageKey.entry(ContentIdentifier(0x0102_0304), EntryIdentifier(0x0506_0708_090A_0B0C))
        key.withUnsafeBytes { bytes in
            #expect(StorageKey.number(in: bytes, at: 0, as: UInt32.self) == 0x0102_0304)
            #expect(StorageKey.number(in: bytes, at: 4, as: UInt64.self) == 0x0506_0708_090A_0B0C)
            for offset in [-1, 5, 12, 1_000, Int.max] {
                #expect(StorageKey.number(in: bytes, at: offset, as: UInt64.self) == nil)
            }
            #expect(StorageKey.number(in: bytes, at: 0, as: UInt128.self) == nil)
        }
        #expect(StorageKey.number(in: UnsafeRawBufferPointer(start: nil, count: 0), at: 0, as: UInt32.self) == nil)
    }
}
