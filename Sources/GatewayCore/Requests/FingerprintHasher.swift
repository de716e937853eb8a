import Crypto

/// SHA-256 of fields and canonical forms, cut to the 128 bits of a fingerprint.
struct FingerprintHasher: CanonicalSink {
    private var hash = SHA256()
    /// What has come in small pieces, since the hash function is called for long ones at no greater cost.
    private var staged: [UInt8] = []

    private static let stagedBytes = 1_024

    /// - Parameter domain: keeps fingerprints of different things apart.
    init(domain: String) {
        staged.reserveCapacity(Self.stagedBytes)
        append(field: domain.utf8)
    }

    mutating func append(_ byte: UInt8) {
        if staged.count == Self.stagedBytes { flush() }
        staged.append(byte)
    }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        if bytes.count > Self.stagedBytes - staged.count { flush() }
        if bytes.count > Self.stagedBytes {
            hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        } else {
            staged.append(contentsOf: bytes)
        }
    }

    /// Appends bytes after their count, so that no two lists of fields run together to the same bytes.
    mutating func append(field bytes: some Collection<UInt8>) {
        withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { append($0.bindMemory(to: UInt8.self)) }
        Array(bytes).withUnsafeBufferPointer { append($0) }
    }

    private mutating func flush() {
        var bytes: [UInt8] = []
        swap(&bytes, &staged)
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        bytes.removeAll(keepingCapacity: true)
        swap(&bytes, &staged)
    }

    consuming func finalize() -> UInt128 {
        flush()
        return hash.finalize().prefix(16).reduce(0) { $0 << 8 | UInt128($1) }
    }
}
