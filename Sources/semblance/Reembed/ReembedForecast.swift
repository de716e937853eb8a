import CacheModel
import SemblanceClient

/// What a move will have to do, counted without doing any of it.
struct ReembedForecast: Hashable {
    var promptCount = 0
    var promptBytes = 0
    /// Entries with a key and without a prompt or a vector.
    var keyCount = 0
    var leftOutCount = 0

    /// Of English text; other languages have more.
    var tokenEstimate: Int { (promptBytes + 3) / 4 }

    init(of namespace: String, at service: SemblanceClient) async throws {
        var run = ExportRun(
            source: ServiceSource(service: service, namespace: namespace),
            scan: Scan(omitsPayloads: true, omitsVectors: true))
        var forecast = (prompts: 0, bytes: 0, keys: 0, leftOut: 0)
        _ = try await run.run(
            begin: { _ in },
            take: { scanned, _ in
                if scanned.entry.norm != nil, let prompt = scanned.entry.prompt, !prompt.isEmpty {
                    forecast.prompts += 1
                    forecast.bytes += prompt.utf8.count
                } else if scanned.entry.key != nil {
                    forecast.keys += 1
                } else {
                    forecast.leftOut += 1
                }
            }, onProgress: { _ in true })
        (promptCount, promptBytes, keyCount, leftOutCount) =
            (forecast.prompts, forecast.bytes, forecast.keys, forecast.leftOut)
    }
}

/// How much of one namespace the other one holds.
struct ReembedCoverage: Hashable {
    /// Entries that hold now.
    var sourceCount: Int
    var targetCount: Int
    /// Those that cannot be moved.
    var leftOutCount: Int
    var warmShare: Double

    /// 0 through 1; 1 where there is nothing to move.
    var share: Double {
        let movable = max(0, sourceCount - leftOutCount)
        return movable == 0 ? 1 : min(1, Double(targetCount) / Double(movable))
    }

    var isWarm: Bool { share >= warmShare }
}
