package import CacheModel
import NIOCore

package struct InsertRequest: Hashable, Sendable {
    package var namespace: String
    /// The embedding model of every vector in the batch; empty when nobody says.
    package var model: String
    /// 1 through `Limits.batchCount`. A decoded insertion with a field outside of its range is a failure.
    package var insertions: [Result<Insertion, CacheError>]

    package init(namespace: String, model: String = "", insertions: [Result<Insertion, CacheError>]) {
        self.namespace = namespace
        self.model = model
        self.insertions = insertions
    }

    package init(namespace: String, model: String = "", _ insertions: [Insertion]) {
        self.init(namespace: namespace, model: model, insertions: insertions.map { .success($0) })
    }

    func wireBytes(_ encoding: VectorEncoding) -> Int {
        namespace.wireBytes + model.wireBytes + 2
            + insertions.totalBytes { (try? $0.get().wireBytes(encoding)) ?? 0 }
    }

    /// - Throws: the error of an insertion that is a failure already.
    func write(to bytes: inout ByteBuffer, vectors encoding: VectorEncoding) throws(CacheError) {
        try bytes.write(namespace, as: "namespace")
        try bytes.write(model, as: "model")
        try bytes.write(count: insertions.count, of: "batch")
        for insertion in insertions { try insertion.get().write(to: &bytes, vectors: encoding) }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        namespace = try reader.namespace()
        model = try reader.string("model", in: 0...Limits.modelBytes)
        try reader.throwFault()
        insertions = try reader.batch(minimumBytes: Insertion.minimumWireBytes) { reader throws(CacheError) in
            try Insertion(from: &reader)
        }
    }
}

extension InsertOutcome {
    private enum Kind: UInt8 {
        case refused = 0
        case stored = 1
        case replaced = 2
    }

    static let minimumWireBytes = 1 + CacheError.minimumWireBytes

    var wireBytes: Int {
        switch self {
        case .stored(_, replaced: nil): 1 + 8
        case .stored: 1 + 16
        case .refused(let error): 1 + error.wireBytes
        }
    }

    /// Kind u8; stored: the entry u64; stored in place of another: both; refused: the error.
    func write(to bytes: inout ByteBuffer) {
        switch self {
        case .stored(let identifier, let replaced):
            bytes.write((replaced == nil ? Kind.stored : .replaced).rawValue)
            bytes.write(identifier.number)
            if let replaced { bytes.write(replaced.number) }
        case .refused(let error):
            bytes.write(Kind.refused.rawValue)
            error.write(to: &bytes)
        }
    }

    init(from reader: inout BodyReader) throws(CacheError) {
        switch Kind(rawValue: try reader.integer()) {
        case .stored: self = .stored(EntryIdentifier(try reader.integer()), replaced: nil)
        case .replaced:
            let identifier = EntryIdentifier(try reader.integer())
            self = .stored(identifier, replaced: EntryIdentifier(try reader.integer()))
        case .refused: self = .refused(try reader.error())
        case nil: throw reader.malformed("unknown outcome of an insertion")
        }
    }
}
