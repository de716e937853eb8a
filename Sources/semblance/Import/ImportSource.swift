import CacheModel

/// Consecutive rows of an import, to be sent in one request.
struct ImportBatch: Sendable {
    var rows: Range<Int>
    /// The rows that can be sent, with their numbers.
    var insertions: [(row: Int, insertion: Insertion)]
    /// The rows whose line in the `.jsonl` file cannot be read.
    var unreadable: [RefusedRow]
}

struct RefusedRow: Hashable, Sendable {
    var row: Int
    var error: CacheError

    var json: JSONText {
        .fields([
            "row": .integer(row), "code": .text(error.code.rawValue), "message": .text(error.message),
            "detail": .object(error.detail.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value)) }),
        ])
    }
}

/// Vectors and what goes with them, a batch at a time and in their order.
struct ImportSource {
    let vectors: ImportVectors
    private var lines: JSONLinesFile?
    let payloadsPath: String?
    private var position = 0
    /// A line that was read but did not fit in the batch before.
    private var held: [UInt8]?

    /// Bytes of payloads and prompts in one request, unless a single row has more.
    static let batchBytes = 8 << 20

    /// - Parameter payloads: nil for the file beside an `.npy` file that ends in `.jsonl`, if there is one.
    /// - Throws: `invalid-argument` for files that cannot be read or do not have as many lines as rows.
    init(_ path: String, payloads: String?) throws(CacheError) {
        vectors = try ImportVectors(path)
        guard vectors.numPy != nil else {
            guard payloads == nil else {
                throw CacheError(
                    .invalidArgument, "\(path) has the payloads itself: --payloads goes with an .npy file",
                    detail: ["path": path])
            }
            payloadsPath = path
            var lines = try JSONLinesFile(path)
            for _ in 0..<vectors.headerLines { _ = try lines.next() }
            self.lines = lines
            return
        }
        let beside = (path.hasSuffix(".npy") ? String(path.dropLast(4)) : path) + ".jsonl"
        payloadsPath = payloads ?? (FileBytes.exists(beside) ? beside : nil)
        guard let payloadsPath else { return }
        // An export without vectors may lie beside vectors that somebody else has made of its prompts.
        var lines = try JSONLinesFile(payloadsPath)
        let first = try lines.next()
        let header: ExportHeader? = if let first { try ExportHeader(parsing: first) } else { nil }
        let count = try JSONLinesFile.count(payloadsPath) - (header == nil ? 0 : 1)
        guard count == vectors.rowCount else {
            throw CacheError(
                .invalidArgument,
                "\(payloadsPath) has \(count) lines and \(path) \(vectors.rowCount) rows: they do not match",
                detail: ["path": payloadsPath])
        }
        self.lines = header == nil ? try JSONLinesFile(payloadsPath) : lines
    }

    var payloads: FileBytes? { vectors.numPy == nil ? nil : lines?.file }

    /// - Returns: nil after the last row.
    mutating func next(rowLimit: Int, now: Timestamp, lease: Lease?) throws(CacheError) -> ImportBatch? {
        guard position < vectors.rowCount else { return nil }
        let wanted = position..<min(vectors.rowCount, position + rowLimit)
        let rows = try vectors.rows(wanted)
        var batch = ImportBatch(rows: position..<position, insertions: [], unreadable: [])
        var bytes = 0
        for row in wanted {
            do {
                let record: ImportRecord
                if lines != nil {
                    let line = try nextLine()
                    bytes += line.count
                    if bytes > Self.batchBytes, row > batch.rows.lowerBound {
                        held = line
                        break
                    }
                    record = try ImportRecord(parsing: line)
                } else {
                    record = ImportRecord(row: row)
                }
                let vector = rows?[row - wanted.lowerBound]
                try Self.check(record, vector)
                batch.insertions.append((row, record.insertion(vector: vector, now: now, lease: lease)))
            } catch {
                batch.unreadable.append(RefusedRow(row: row, error: error))
            }
            batch.rows = batch.rows.lowerBound..<row + 1
        }
        position = batch.rows.upperBound
        return batch
    }

    /// - Parameter vector: that of the `.npy` file.
    private static func check(_ record: ImportRecord, _ vector: [Float]?) throws(CacheError) {
        if vector != nil, record.vector != nil {
            throw CacheError(.invalidArgument, "the line has a vector, and so has the .npy file")
        }
    }

    /// Passes over rows that are stored already.
    mutating func skip(to row: Int) throws(CacheError) {
        while position < min(row, vectors.rowCount) {
            if lines != nil { _ = try nextLine() }
            position += 1
        }
    }

    private mutating func nextLine() throws(CacheError) -> [UInt8] {
        if let line = held {
            held = nil
            return line
        }
        // The lines were counted; the file was shortened meanwhile.
        guard let line = try lines?.next() else {
            throw CacheError(.invalidArgument, "\(payloadsPath ?? "") ends before its last row", detail: [:])
        }
        return line
    }
}
