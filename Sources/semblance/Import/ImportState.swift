import CacheModel
import FoundationEssentials

/// What an interrupted import has to know to go on: kept in a small file beside the vectors.
struct ImportState: Codable, Hashable, Sendable {
    struct File: Codable, Hashable, Sendable {
        var path: String
        var sizeBytes: Int
        var modifiedNanoseconds: Int64

        init(_ file: FileBytes) {
            path = file.path
            sizeBytes = file.size
            modifiedNanoseconds = file.modifiedNanoseconds
        }

        /// Whether it holds what it held; it may be named in another way.
        func isSame(as other: File) -> Bool {
            sizeBytes == other.sizeBytes && modifiedNanoseconds == other.modifiedNanoseconds
        }
    }

    static let currentVersion = 1

    var version = currentVersion
    var vectors: File
    var payloads: File?
    var address: String
    var namespace: String
    var rowCount: Int
    /// Taken when the import began; text of a `Lease`.
    var lease: String
    /// Rows that the service has acknowledged: ranges in order, as pairs of the first row and the one after the last.
    var done: [[Int]] = []
    var storedCount = 0
    var refusedCount = 0

    var doneCount: Int { done.reduce(0) { $0 + $1[1] - $1[0] } }
    var isComplete: Bool { doneCount >= rowCount }

    /// The rows from `row` on that are not done, up to the next that is; nil when there are none.
    func gap(from row: Int) -> Range<Int>? {
        var start = row
        for range in done where range[1] > start {
            if range[0] > start { return start..<range[0] }
            start = range[1]
        }
        return start < rowCount ? start..<rowCount : nil
    }

    /// Adds a range that is disjoint from the others, and joins neighbors.
    mutating func finish(_ rows: Range<Int>) {
        guard !rows.isEmpty else { return }
        done.append([rows.lowerBound, rows.upperBound])
        done.sort { $0[0] < $1[0] }
        done = done.reduce(into: []) { joined, range in
            if let last = joined.last, last[1] == range[0] {
                joined[joined.count - 1][1] = range[1]
            } else {
                joined.append(range)
            }
        }
    }

    // MARK: The file

    static func path(besides vectors: String) -> String { vectors + ".import-state" }

    /// - Returns: nil when there is no such file.
    /// - Throws: `invalid-argument` for a file that is no state of an import.
    static func read(_ path: String) throws(CacheError) -> ImportState? {
        guard FileBytes.exists(path) else { return nil }
        let bytes = try FileBytes.read(path, limitBytes: 1 << 20)
        guard let state = try? JSONDecoder().decode(ImportState.self, from: Data(bytes)), state.isValid else {
            throw CacheError(
                .invalidArgument, "\(path) is not the state of an import; remove it, or name another with --state",
                detail: ["path": path])
        }
        return state
    }

    private var isValid: Bool {
        guard version == Self.currentVersion, rowCount >= 0, storedCount >= 0, refusedCount >= 0 else { return false }
        var end = 0
        for range in done {
            guard range.count == 2, range[0] >= end, range[1] > range[0], range[1] <= rowCount else { return false }
            end = range[1]
        }
        return Lease(lease) != nil
    }

    /// Replaces the file as a whole.
    func write(_ path: String) throws(CacheError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try encoder.encode(self).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CacheError(.invalidArgument, "\(path) cannot be written", detail: ["path": path])
        }
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
