import CacheModel
import Foundation
import VectorSearch

/// What the commands on standard input work on.
///
/// A command is one line, its words separated by tabs; the answer is one line of JSON.
///
///     load ROWS.npy QUERIES.npy             maps both files
///     grow                                  inserts all rows into an empty index, building it anew or putting it in order
///                                           when due
///     rebuild                               builds a second index of all rows at once, beside the first
///     use grown | rebuilt                   which of them is searched from now on
///     round THRESHOLD FIRST COUNT WARM-UP   COUNT queries one by one; WARM-UP others before, not measured
///     batch THRESHOLD FIRST COUNT SIZE      the same, SIZE at a time
///     scan THRESHOLD FIRST COUNT WARM-UP    as `round`, by a scan of all rows
///     explain THRESHOLD FIRST COUNT SIZE    as `batch`, with the counts and the nanoseconds of each stage, of all together
final class Session {
    enum Failure: Error, CustomStringConvertible {
        case usage(String)

        var description: String {
            switch self {
            case .usage(let command): "this is not a command: \(command)"
            }
        }
    }

    /// Any of these may be absent from an answer.
    struct Answer: Encodable {
        var error: String?
        var rows: Int?
        var dimension: Int?
        var queries: Int?
        var kernel: String?
        /// Processor time in all.
        var insertSeconds: Double?
        var rebuildSeconds: Double?
        var rebuildCount: Int?
        var repackCount: Int?
        /// The longest that a thread was kept from other work.
        var longestStepSeconds: Double?
        /// What the index says of its own size.
        var indexBytes: Int?
        var partitionBytes: Int?
        /// Wall time of each query, or of each batch.
        var microseconds: [Double]?
        /// Processor time of the thread, all queries together.
        var threadSeconds: Double?
        var stages: [String: UInt64]?
        /// The best match of each query, -1 for none.
        var found: [Int]?
    }

    private let kernels: Kernels
    private let blas: BlasLibrary
    private let search: PrunedSearch
    private let scratch = PruningScratch()
    private let scanScratch = SearchScratch()
    private var rows: VectorFile?
    private var queries: VectorFile?
    private var growing: GrowingIndex?
    private var rebuilt: PruningIndex?
    private var searched: PruningIndex?
    /// What searches through the index add to while they are explained.
    private var explanation: SearchExplanation?

    init() throws {
        kernels = try Kernels(environment: ProcessInfo.processInfo.environment)
        blas = try BlasLibrary()
        guard let search = PrunedSearch(kernels: kernels) else {
            throw CacheError(.invalidConfiguration, "these kernels have no sketches")
        }
        self.search = search
    }

    func answer(_ command: String) throws -> Answer {
        let words = command.split(separator: "\t").map(String.init)
        switch (words.first, words.count) {
        case ("load", 3): return try load(words[1], words[2])
        case ("grow", 1): return try grow()
        case ("rebuild", 1): return try rebuild()
        case ("use", 2):
            searched = words[1] == "rebuilt" ? rebuilt : growing?.index
            return Answer(rows: searched?.rowCount)
        case (let verb?, 5):
            guard let threshold = Float(words[1]), let first = Int(words[2]), let count = Int(words[3]),
                let last = Int(words[4]), first >= 0, count > 0, last >= 0
            else { throw Failure.usage(command) }
            switch verb {
            case "round": return try round(threshold, first, count, warmUp: last, isScan: false)
            case "scan": return try round(threshold, first, count, warmUp: last, isScan: true)
            case "batch" where last > 0: return try batch(threshold, first, count, size: last)
            case "explain" where last > 0:
                explanation = SearchExplanation(plan: .partition)
                defer { explanation = nil }
                var answer = try batch(threshold, first, count, size: last)
                answer.stages = explanation.map(Self.stages)
                return answer
            default: throw Failure.usage(command)
            }
        default: throw Failure.usage(command)
        }
    }

    private func load(_ rowsPath: String, _ queriesPath: String) throws -> Answer {
        let rows = try VectorFile(path: rowsPath)
        try rows.checkLengths(path: rowsPath)
        let queries = try VectorFile(path: queriesPath)
        guard rows.dimension == queries.dimension else {
            throw VectorFile.Failure.unsuitable(queriesPath, reason: "has another dimension than the rows")
        }
        self.rows = rows
        self.queries = queries
        growing = GrowingIndex(rows: rows, kernels: kernels, blas: blas)
        return Answer(
            rows: rows.count, dimension: rows.dimension, queries: queries.count, kernel: kernels.name)
    }

    private func grow() throws -> Answer {
        try growing?.grow()
        searched = growing?.index
        let cost = growing?.cost
        return Answer(
            rows: searched?.rowCount, insertSeconds: cost.map { Double($0.insertNanoseconds) / 1e9 },
            rebuildSeconds: cost.map { Double($0.rebuildNanoseconds) / 1e9 }, rebuildCount: cost?.rebuildCount, repackCount: cost?.repackCount,
            longestStepSeconds: cost.map { Double($0.longestStepNanoseconds) / 1e9 }, indexBytes: searched?.byteCount,
            partitionBytes: searched?.partition.byteCount)
    }

    private func rebuild() throws -> Answer {
        guard let rows else { throw Failure.usage("rebuild before load") }
        var fresh = GrowingIndex(rows: rows, kernels: kernels, blas: blas)
        rebuilt = try fresh.rebuild(rowCount: rows.count)
        return Answer(
            rows: rebuilt?.rowCount, rebuildSeconds: Double(fresh.cost.rebuildNanoseconds) / 1e9, rebuildCount: 1,
            longestStepSeconds: Double(fresh.cost.longestStepNanoseconds) / 1e9, indexBytes: rebuilt?.byteCount,
            partitionBytes: rebuilt?.partition.byteCount)
    }

    // MARK: Searching

    private func round(
        _ threshold: Float, _ first: Int, _ count: Int, warmUp: Int, isScan: Bool
    ) throws -> Answer {
        guard let queries else { throw Failure.usage("round before load") }
        for offset in 0..<warmUp { _ = try answer([first + count + offset], queries, threshold, isScan) }
        var microseconds: [Double] = []
        var found: [Int] = []
        microseconds.reserveCapacity(count)
        found.reserveCapacity(count)
        let begun = Meter.threadNanoseconds
        for offset in 0..<count {
            let start = Meter.wallNanoseconds
            let results = try answer([first + offset], queries, threshold, isScan)
            microseconds.append(Double(Meter.wallNanoseconds - start) / 1e3)
            found.append(results[0].matches.first.map { Int($0.row) } ?? -1)
        }
        return Answer(
            microseconds: microseconds, threadSeconds: Double(Meter.threadNanoseconds - begun) / 1e9, found: found)
    }

    private func batch(_ threshold: Float, _ first: Int, _ count: Int, size: Int) throws -> Answer {
        guard let queries else { throw Failure.usage("batch before load") }
        var microseconds: [Double] = []
        let begun = Meter.threadNanoseconds
        for start in stride(from: first, to: first + count, by: size) {
            let clock = Meter.wallNanoseconds
            _ = try answer(Array(start..<min(start + size, first + count)), queries, threshold, false)
            microseconds.append(Double(Meter.wallNanoseconds - clock) / 1e3)
        }
        return Answer(microseconds: microseconds, threadSeconds: Double(Meter.threadNanoseconds - begun) / 1e9)
    }

    /// Everything that a lookup has to do: the vector is normalized, then the plan decides how it is searched for.
    private func answer(
        _ numbers: [Int], _ queries: VectorFile, _ threshold: Float, _ isScan: Bool
    ) throws -> [SearchResult] {
        guard let rows else { throw Failure.usage("no rows") }
        let batch = try numbers.map { number in
            let components = UnsafeBufferPointer(start: queries.row(number % queries.count), count: queries.dimension)
            return try Query(UnitVector(components), threshold: threshold)
        }
        let indexedRows = searched?.rowCount ?? 0
        let plan = PruningPlan.choose(
            scopeRows: rows.count, totalRows: rows.count, indexedRows: indexedRows)
        if let searched, plan == .partition, !isScan {
            return search.search(
                batch, in: searched, scratch: scratch, explanation: &explanation,
                address: rows.address, verdict: { _, row in .accept(order: UInt64(row)) })
        }
        let run = RowRun(base: rows.row(0), count: rows.count, firstRow: 0)
        return ExactScan(kernels: kernels, blas: blas).search(
            batch, dimension: rows.dimension, stride: rows.stride, runs: [run], scratch: scanScratch,
            verdict: { _, row in .accept(order: UInt64(row)) })
    }

    private static func stages(_ explanation: SearchExplanation) -> [String: UInt64] {
        let (counts, times) = (explanation.counts, explanation.times)
        return [
            "cells": counts.cells, "cellsVisited": counts.cellsVisited, "blocks": counts.blocks,
            "sketchesRead": counts.sketchesRead, "sketchesRefined": counts.sketchesRefined,
            "rowsCompared": counts.rowsCompared, "prepareNanoseconds": times.prepareNanoseconds,
            "centroidNanoseconds": times.centroidNanoseconds, "chooseNanoseconds": times.chooseNanoseconds,
            "sketchNanoseconds": times.sketchNanoseconds, "refineNanoseconds": times.refineNanoseconds,
            "compareNanoseconds": times.compareNanoseconds,
        ]
    }
}
