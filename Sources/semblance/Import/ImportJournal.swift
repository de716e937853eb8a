import CacheModel

/// Keeps the state of an import on the disk, and finds the one to go on with.
struct ImportJournal {
    enum Mode {
        /// There must be nothing to go on with.
        case fresh
        case resume
        case restart
    }

    let path: String
    /// Whether the import fails when the state cannot be kept.
    let isRequired: Bool
    /// Why the state is not kept.
    private(set) var warning: String?

    init(path: String, isRequired: Bool) {
        self.path = path
        self.isRequired = isRequired
    }

    var isKept: Bool { warning == nil }

    /// - Returns: the state to begin with.
    /// - Throws: `invalid-argument` when an interrupted import does not fit what is asked for.
    mutating func begin(
        _ source: ImportSource, namespace: String, address: String, mode: Mode, takeLease: () async throws -> Lease
    ) async throws -> ImportState {
        let vectors = ImportState.File(source.vectors.file)
        let payloads = source.payloads.map { ImportState.File($0) }
        if mode != .restart, let old = try ImportState.read(path) {
            guard mode == .resume else {
                throw CacheError(
                    .invalidArgument,
                    "an import of \(old.vectors.path) ended after \(NumberText.grouped(old.doneCount)) of "
                        + "\(NumberText.grouped(old.rowCount)) rows; --resume goes on there, --restart begins anew",
                    detail: ["state": path])
            }
            guard old.vectors.isSame(as: vectors), old.rowCount == source.vectors.rowCount,
                (old.payloads == nil) == (payloads == nil),
                payloads.map({ old.payloads?.isSame(as: $0) ?? false }) ?? true
            else { throw mismatch("the files have changed since") }
            guard old.namespace == namespace else { throw mismatch("it went to the namespace '\(old.namespace)'") }
            guard old.address == address else { throw mismatch("it went to \(old.address)") }
            return old
        }
        let state = ImportState(
            vectors: vectors, payloads: payloads, address: address, namespace: namespace,
            rowCount: source.vectors.rowCount, lease: try await takeLease().description)
        do {
            try state.write(path)
        } catch {
            guard !isRequired else { throw error }
            warning = "\(path) cannot be written, so this import cannot be resumed; --state names another file"
        }
        return state
    }

    private func mismatch(_ reason: String) -> CacheError {
        CacheError(
            .invalidArgument, "the interrupted import cannot go on: \(reason); --restart begins anew",
            detail: ["state": path])
    }

    /// Called after each acknowledged request.
    func note(_ state: ImportState) throws(CacheError) {
        if isKept { try state.write(path) }
    }

    /// Nothing is left to go on with.
    func remove() {
        if isKept { ImportState.remove(path) }
    }
}
