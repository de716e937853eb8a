package import CacheModel
import NIOCore

package struct InvalidateRequest: Hashable, Sendable {
    package var namespace: String
    /// 1 through `Limits.batchCount`, applied in this order. A decoded one with a field outside of its range is a
    /// failure.
    package var invalidations: [Result<Invalidation, CacheError>]

    package init(namespace: String, invalidations: [Result<Invalidation, CacheError>]) {
        self.namespace = namespace
        self.invalidations = invalidations
    }

    package init(namespace: String, _ invalidations: [Invalidation]) {
        self.init(namespace: namespace, invalidations: invalidations.map { .success($0) })
    }

    var wireBytes: Int {
        namespace.wireBytes + 2 + invalidations.totalBytes { (try? $0.get().wireBytes) ?? 0 }
    }

    /// - Throws: the error of an invalidation that is a failure already.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(namespace, as: "namespace")
        try bytes.write(count: invalidations.count, of: "batch")
        for invalidation in invalidations { try invalidation.get().write(to: &bytes) }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        namespace = try reader.namespace()
        invalidations = try reader.batch(minimumBytes: Invalidation.minimumWireBytes) { reader throws(CacheError) in
            try Invalidation(from: &reader)
        }
    }
}

extension Invalidation {
    private enum ChangeKind: UInt8 {
        case version = 1
        case label = 2
        case bump = 3
        case reset = 4
    }

    private enum ExpectationKind: UInt8 {
        case nothing = 0
        case label = 1
        case position = 2
    }

    static let minimumWireBytes = 2 + 1 + 1

    var wireBytes: Int {
        var bytes = source.wireBytes + 1 + (incarnation == nil ? 0 : 8) + 1
        switch change {
        case .version: bytes += 8 + Position.wireBytes
        case .label(let label, .nothing): bytes += label.wireBytes + 1
        case .label(let label, .label(let previous)): bytes += label.wireBytes + 1 + previous.wireBytes
        case .label(let label, .position): bytes += label.wireBytes + 1 + Position.wireBytes
        case .bump: break
        case .reset: bytes += 8
        }
        return bytes
    }

    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        try bytes.write(source, as: "source")
        bytes.write(incarnation != nil)
        if let incarnation { bytes.write(incarnation) }
        switch change {
        case .version(let version, let generation):
            bytes.write(ChangeKind.version.rawValue)
            bytes.write(version)
            generation.write(to: &bytes)
        case .label(let label, let expectation):
            bytes.write(ChangeKind.label.rawValue)
            try bytes.write(label, as: "label")
            switch expectation {
            case .nothing: bytes.write(ExpectationKind.nothing.rawValue)
            case .label(let previous):
                bytes.write(ExpectationKind.label.rawValue)
                try bytes.write(previous, as: "label")
            case .position(let position):
                bytes.write(ExpectationKind.position.rawValue)
                position.write(to: &bytes)
            }
        case .bump: bytes.write(ChangeKind.bump.rawValue)
        case .reset(let version):
            bytes.write(ChangeKind.reset.rawValue)
            bytes.write(version)
        }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let source = try reader.source()
        let incarnation = try reader.boolean() ? try reader.integer(UInt64.self) : nil
        let change: Change
        switch ChangeKind(rawValue: try reader.integer()) {
        case .version:
            let version = try reader.integer(UInt64.self)
            change = .version(version, generation: try reader.position())
        case .label:
            let label = try reader.label()
            switch ExpectationKind(rawValue: try reader.integer()) {
            case .nothing: change = .label(label)
            case .label: change = .label(label, replacing: .label(try reader.label()))
            case .position: change = .label(label, replacing: .position(try reader.position()))
            case nil: throw reader.malformed("unknown kind of what a label replaces")
            }
        case .bump: change = .bump
        case .reset: change = .reset(version: try reader.integer())
        case nil: throw reader.malformed("unknown kind of an invalidation")
        }
        self.init(source: source, change: change, incarnation: incarnation)
    }
}

/// What became of one invalidation of a batch.
package typealias InvalidationOutcome = Result<InvalidationReceipt, CacheError>

private enum InvalidationOutcomeKind: UInt8 {
    case refused = 0
    case changed = 1
    case already = 2
}

extension InvalidationOutcome {
    static let minimumWireBytes = 1 + CacheError.minimumWireBytes

    var wireBytes: Int {
        switch self {
        case .success(let receipt): 1 + Position.wireBytes + receipt.state.wireBytes
        case .failure(let error): 1 + error.wireBytes
        }
    }

    /// Kind u8; changed and already: the store's position and the source's state; refused: the error.
    func write(to bytes: inout ByteBuffer) throws(CacheError) {
        switch self {
        case .success(let receipt):
            bytes.write((receipt.changed ? InvalidationOutcomeKind.changed : .already).rawValue)
            receipt.position.write(to: &bytes)
            try receipt.state.write(to: &bytes)
        case .failure(let error):
            bytes.write(InvalidationOutcomeKind.refused.rawValue)
            error.write(to: &bytes)
        }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        let kind = InvalidationOutcomeKind(rawValue: try reader.integer())
        switch kind {
        case .changed, .already:
            let position = try reader.position()
            self = .success(
                InvalidationReceipt(changed: kind == .changed, position: position, state: try reader.sourceState()))
        case .refused: self = .failure(try reader.error())
        case nil: throw reader.malformed("unknown outcome of an invalidation")
        }
    }
}
