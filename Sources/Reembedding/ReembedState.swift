package import CacheModel
internal import FoundationEssentials

/// How far a move has come. Kept in a file, which the next run goes on with: after an interruption, and to catch up
/// with entries that were stored meanwhile.
package struct ReembedState: Codable, Hashable, Sendable {
    package static let currentVersion = 1

    package var version = currentVersion
    package var address: String
    package var from: String
    package var to: String
    /// The label of the new model.
    package var model: String
    /// The store's, in hexadecimal digits: entries of another store have other numbers.
    package var incarnation: String
    /// The last entry that is done.
    package var last: UInt64 = 0
    package var tally = ReembedTally()

    package init(address: String, from: String, to: String, model: String, incarnation: UInt64) {
        self.address = address
        self.from = from
        self.to = to
        self.model = model
        self.incarnation = incarnation.hexadecimal
    }

    /// - Throws: `invalid-argument` when this state is of another move.
    package func check(isOf other: ReembedState, path: String) throws(CacheError) {
        let differences = [
            (address == other.address, "at \(address)"), (from == other.from, "of '\(from)'"),
            (to == other.to, "to '\(to)'"), (model == other.model, "to the model '\(model)'"),
            (incarnation == other.incarnation, "of a store that another one has taken the place of"),
        ]
        guard let difference = differences.first(where: { !$0.0 }) else { return }
        throw CacheError(
            .invalidArgument,
            "\(path) is of a move \(difference.1); --restart begins anew, --state names another file",
            detail: ["state": path])
    }

    // MARK: The file

    /// - Returns: nil when there is no such file.
    /// - Throws: `invalid-argument` for a file that is no state of a move.
    package static func read(_ path: String) throws(CacheError) -> ReembedState? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 20,
            let state = try? JSONDecoder().decode(ReembedState.self, from: data), state.version == currentVersion
        else {
            throw CacheError(
                .invalidArgument, "\(path) is not the state of a move; remove it, or name another with --state",
                detail: ["path": path])
        }
        return state
    }

    /// Replaces the file as a whole.
    package func write(_ path: String) throws(CacheError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            try encoder.encode(self).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CacheError(.invalidArgument, "\(path) cannot be written", detail: ["path": path])
        }
    }
}

/// What became of the entries.
package struct ReembedTally: Codable, Hashable, Sendable {
    /// With a vector of the new model.
    package var movedCount = 0
    /// Without a vector: entries that never had one, and those with a key whose prompt is not known.
    package var keptByKeyCount = 0
    /// Had neither prompt nor key: there is nothing to find them by.
    package var leftOutCount = 0
    /// Were there already, by an earlier run or because a newer answer is stored under their key.
    package var alreadyThereCount = 0
    /// Stale or expired by the time that they were to be stored.
    package var outdatedCount = 0
    package var tokenCount = 0

    package init() {}

    /// Entries that were looked at.
    package var entryCount: Int { movedCount + keptByKeyCount + leftOutCount + alreadyThereCount + outdatedCount }
}
