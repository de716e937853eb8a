import CacheModel
import NIOCore

extension LookupReply {
    private enum Outcome: UInt8 {
        case refused = 0
        case hits = 1
        case miss = 2
    }

    /// Set in the kind of an outcome that an explanation goes with.
    private static let explained: UInt8 = 0x80

    static let minimumWireBytes = 1 + Lease.wireBytes + 8 + 2 + 2

    func wireBytes(withPayloads: Bool) -> Int {
        var bytes = 1 + Lease.wireBytes + 8 + 2 + sourceSequences.count * 8
        if explanation != nil { bytes += SearchExplanation.wireBytes }
        switch outcome {
        case .hits(let hits): bytes += 2 + hits.totalBytes { $0.wireBytes(withPayload: withPayloads) }
        case .miss(let miss): bytes += 2 + (miss.nearestSimilarity == nil ? 0 : 4)
        case .refused(let error): bytes += error.wireBytes
        }
        return bytes
    }

    /// Outcome u8, lease, search time u64, count u16 of sequences and each u64, the explanation if there is one, then what the
    /// outcome brings.
    func write(to bytes: inout ByteBuffer, withPayloads: Bool) throws(CacheError) {
        func write(_ kind: Outcome) throws(CacheError) {
            let kind = explanation == nil ? kind.rawValue : kind.rawValue | Self.explained
            let count = try ByteBuffer.wireCount(sourceSequences.count, of: "sources")
            // As `Lease.write` does it. Many small writes take longer than one.
            bytes.writeMultipleIntegers(
                kind, lease.position.incarnation, lease.position.sequence, lease.namespace, searchNanoseconds, count,
                endianness: .little)
            for sequence in sourceSequences { bytes.write(sequence) }
            explanation?.write(to: &bytes)
        }
        switch outcome {
        case .hits(let hits):
            try write(.hits)
            try bytes.write(count: hits.count, of: "hits")
            for hit in hits {
                bytes.writeMultipleIntegers(hit.match.rawValue, hit.similarity.bitPattern, endianness: .little)
                try hit.entry.write(to: &bytes, withPayload: withPayloads)
            }
        case .miss(let miss):
            try write(.miss)
            if let nearest = miss.nearestSimilarity {
                bytes.writeMultipleIntegers(
                    miss.reason.rawValue, 1 as UInt8, nearest.bitPattern, endianness: .little)
            } else {
                bytes.writeMultipleIntegers(miss.reason.rawValue, 0 as UInt8, endianness: .little)
            }
        case .refused(let error):
            try write(.refused)
            error.write(to: &bytes)
        }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let kind = try reader.integer(UInt8.self)
        let lease = try reader.lease()
        let searchNanoseconds = try reader.integer(UInt64.self)
        let sequences = try reader.list("sources", limit: Limits.namedSourceCount, minimumBytes: 8) {
            reader throws(CacheError) in try reader.integer(UInt64.self)
        }
        let explanation = kind & Self.explained == 0 ? nil : try SearchExplanation(from: &reader)
        let outcome: LookupOutcome
        switch Outcome(rawValue: kind & ~Self.explained) {
        case .hits: outcome = .hits(try reader.hits())
        case .miss: outcome = .miss(try reader.miss())
        case .refused: outcome = .refused(try reader.error())
        case nil: throw reader.malformed("unknown outcome of a lookup")
        }
        self.init(
            outcome: outcome, lease: lease, sourceSequences: sequences, searchNanoseconds: searchNanoseconds,
            explanation: explanation)
    }
}

extension Hit {
    static let minimumWireBytes = 1 + 4 + StoredEntry.minimumWireBytes
    fileprivate func wireBytes(withPayload: Bool) -> Int { 1 + 4 + entry.wireBytes(withPayload: withPayload) }
}

extension BodyReader {
    fileprivate mutating func hits() throws(CacheError) -> [Hit] {
        let hits = try list("hits", limit: Limits.neighborsRange.upperBound, minimumBytes: Hit.minimumWireBytes) {
            reader throws(CacheError) in
            guard let match = Hit.Match(rawValue: try reader.integer()) else {
                throw reader.malformed("unknown kind of a match")
            }
            let similarity = try reader.float()
            return Hit(match: match, similarity: similarity, entry: try StoredEntry(from: &reader))
        }
        guard !hits.isEmpty else { throw malformed("hits without a hit") }
        return hits
    }

    fileprivate mutating func miss() throws(CacheError) -> Miss {
        guard let reason = Miss.Reason(rawValue: try integer()) else { throw malformed("unknown reason of a miss") }
        return Miss(reason: reason, nearestSimilarity: try boolean() ? try float() : nil)
    }
}
