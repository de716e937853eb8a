package import CacheModel

/// The name of a namespace as a number, for ever: it survives the namespace's drop, as its watermarks do.
package struct NamespaceIdentifier: Hashable, Sendable {
    package var number: UInt32
    package init(_ number: UInt32) { self.number = number }
}

/// What a namespace holds between its creation and its drop. A namespace that is made again gets another one, so that a drop
/// takes one record and what is left is reclaimed in the background.
package struct ContentIdentifier: Hashable, Sendable {
    package var number: UInt32
    package init(_ number: UInt32) { self.number = number }
}

/// What a watermark is about. Tags and scopes are sources that only ever get bumped, by a purge.
package enum WatermarkKind: UInt8, CaseIterable, Sendable {
    case source = 0
    case tag = 1
    case scope = 2
}

/// The keys of the tables: big-endian numbers, so that LMDB's order of bytes is the order of the numbers.
package enum StorageKey {
    package static let store: [UInt8] = [0]

    package static func namespace(_ identifier: NamespaceIdentifier) -> [UInt8] { bigEndian(identifier.number) }
    package static func content(_ identifier: ContentIdentifier) -> [UInt8] { bigEndian(identifier.number) }

    /// 5 bytes and the name: at most 260 of the 511 that LMDB takes.
    package static func watermark(_ namespace: NamespaceIdentifier, _ kind: WatermarkKind, _ name: [UInt8]) -> [UInt8] {
        bigEndian(namespace.number) + [kind.rawValue] + name
    }

    package static func announcement(_ namespace: NamespaceIdentifier, _ source: String) -> [UInt8] {
        bigEndian(namespace.number) + Array(source.utf8)
    }

    /// 12 bytes; used for `entries` and `payloads`.
    package static func entry(_ content: ContentIdentifier, _ entry: EntryIdentifier) -> [UInt8] {
        bigEndian(content.number) + bigEndian(entry.number)
    }

    /// 36 bytes.
    package static func exactKey(_ content: ContentIdentifier, _ scope: Scope, _ key: ExactKey) -> [UInt8] {
        keysOfScope(content, scope) + bigEndian(key.fingerprint)
    }

    /// In the table `store`.
    package static func mergedKeys(_ content: ContentIdentifier) -> [UInt8] { [1] + bigEndian(content.number) }

    /// The 20 bytes that all keys of a scope begin with.
    package static func keysOfScope(_ content: ContentIdentifier, _ scope: Scope) -> [UInt8] {
        bigEndian(content.number) + bigEndian(scope.fingerprint)
    }

    package static func tag(_ content: ContentIdentifier, _ tag: String, _ entry: EntryIdentifier) -> [UInt8] {
        entries(content, tag: tag) + bigEndian(entry.number)
    }

    /// What all entries of a tag begin with; the length keeps the tag `a` apart from `ab`.
    package static func entries(_ content: ContentIdentifier, tag: String) -> [UInt8] {
        let bytes = Array(tag.utf8)
        return bigEndian(content.number) + [UInt8(truncatingIfNeeded: bytes.count)] + bytes
    }

    /// 8 bytes.
    package static func row(_ content: ContentIdentifier, _ row: UInt32) -> [UInt8] {
        bigEndian(content.number) + bigEndian(row)
    }

    package static func block(_ content: ContentIdentifier, _ number: UInt32) -> [UInt8] {
        bigEndian(content.number) + bigEndian(number)
    }

    /// 8 bytes.
    package static func partition(_ content: ContentIdentifier, _ generation: UInt32) -> [UInt8] {
        bigEndian(content.number) + bigEndian(generation)
    }

    /// 12 bytes.
    package static func sketches(_ content: ContentIdentifier, _ generation: UInt32, _ block: UInt32) -> [UInt8] {
        partition(content, generation) + bigEndian(block)
    }

    /// Reads a big-endian number at an offset; nil when the key is too short.
    package static func number<Value: FixedWidthInteger>(
        in key: UnsafeRawBufferPointer, at offset: Int, as _: Value.Type = Value.self
    ) -> Value? {
        guard offset >= 0, key.count >= MemoryLayout<Value>.size, offset <= key.count - MemoryLayout<Value>.size
        else { return nil }
        return Value(bigEndian: key.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    private static func bigEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
