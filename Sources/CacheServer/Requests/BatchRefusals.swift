package import CacheModel

/// The items of a client's batch that are refused before the engine sees them.
///
/// The engine gets the others, and counts them from 0: its answers go back to the indexes of the client's batch, those
/// in the detail `row` of errors included.
package struct BatchRefusals: Sendable {
    /// By ascending index in the client's batch; never empty.
    private let refusals: [(index: Int, error: CacheError)]
    /// The index in the client's batch of each item that the engine gets.
    private let acceptedIndexes: [Int]

    /// Parts a batch.
    ///
    /// - Returns: the items for the engine, and nil when nothing is refused: indexes are the same on both sides then.
    package static func part<Item>(_ items: [Result<Item, CacheError>]) -> (accepted: [Item], refusals: BatchRefusals?)
    {
        if items.count == 1, case .success(let item) = items[0] { return ([item], nil) }
        var accepted: [Item] = []
        accepted.reserveCapacity(items.count)
        var refusals: [(index: Int, error: CacheError)] = []
        var indexes: [Int] = []
        for (index, item) in items.enumerated() {
            switch item {
            case .success(let item):
                accepted.append(item)
                if !refusals.isEmpty { indexes.append(index) }
            case .failure(let error):
                if refusals.isEmpty { indexes = Array(0..<index) }
                refusals.append((index, error))
            }
        }
        return (accepted, refusals.isEmpty ? nil : BatchRefusals(refusals: refusals, acceptedIndexes: indexes))
    }

    /// Puts the refusals back at their indexes.
    ///
    /// - Parameters:
    ///   - answers: one for each item that the engine got, in order.
    ///   - reindexed: the answer with its errors passed through `reindex`.
    /// - Returns: one answer for each item of the client's batch; nil when there are not as many answers as items.
    package func merge<Answer>(
        _ answers: [Answer], refused: (CacheError) -> Answer, reindexed: (Answer) -> Answer
    ) -> [Answer]? {
        guard answers.count == acceptedIndexes.count else { return nil }
        var merged: [Answer] = []
        merged.reserveCapacity(answers.count + refusals.count)
        var remaining = refusals[...]
        for (answer, index) in zip(answers, acceptedIndexes) {
            while let refusal = remaining.first, refusal.index < index {
                merged.append(refused(refusal.error))
                remaining.removeFirst()
            }
            merged.append(reindexed(answer))
        }
        return merged + remaining.map { refused($0.error) }
    }

    /// The error with its detail `row` as the client counts.
    package func reindex(_ error: CacheError) -> CacheError {
        guard let row = error.detail["row"].flatMap(Int.init), acceptedIndexes.indices.contains(row) else {
            return error
        }
        var error = error
        error.detail["row"] = String(acceptedIndexes[row])
        return error
    }
}
