/// Looks at every row of the runs it is given and answers exactly: the deciding similarity of each row that could
/// matter is the canonical one, so the result has the same bits whatever the kernels, the path and the number of
/// queries.
///
/// A scan owns no threads and no memory; any number may run at once, each with a scratch of its own.
package struct ExactScan: Sendable {
    /// How products are computed. For tests and measurements; `automatic` chooses the faster one.
    package enum Path: Sendable {
        case automatic
        case kernels
        case blas
    }

    package let kernels: Kernels
    package let path: Path
    let blas: BlasLibrary

    package init(kernels: Kernels, blas: BlasLibrary, path: Path = .automatic) {
        self.kernels = kernels
        self.blas = blas
        self.path = path
    }

    /// Searches all rows of `runs` for every query.
    ///
    /// The verdict is asked only of rows that could change the answer, possibly more than once; what it says of a row
    /// must not change while the search runs. It must not use the scratch.
    ///
    /// - Parameters:
    ///   - queries: Vectors of `dimension` components each.
    ///   - stride: Floats from one row of a run to the next: at least `UnitVector.stride(dimension:)`.
    ///   - verdict: What to do with a row, given the index of the query and the row's number.
    /// - Returns: A result for every query.
    /// - Throws: What the verdict throws; the search ends there.
    package func search<Runs: Sequence<RowRun>, Failure: Error>(
        _ queries: [Query], dimension: Int, stride: Int, runs: Runs, scratch: SearchScratch,
        verdict: (_ query: Int, _ row: UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) -> [SearchResult] {
        var pass = ScanPass(self, queries: queries, dimension: dimension, stride: stride, scratch: scratch)
        for run in runs { try pass.take(run, verdict) }
        return try pass.finish(verdict)
    }

    /// Whether sgemm filters for this many queries, and the canonical kernel looks at what it lets through.
    func usesBlas(queryCount: Int, length: Int) -> Bool {
        switch path {
        case .kernels: false
        case .blas: true
        case .automatic: kernels.instructionSet.isSlowerThanBlas(queryCount: queryCount, length: length)
        }
    }
}

extension Kernels.InstructionSet {
    /// Whether a scan of this many queries of `length` floats is quicker behind sgemm.
    ///
    /// Milliseconds, kernels / OpenBLAS 0.3.21, one thread on an AMD EPYC (Zen 4, AVX-512) that was shared with other
    /// work, hence within some 20 %; for `avx2`, OpenBLAS was held to its AVX2 kernels (`OPENBLAS_CORETYPE=Haswell`):
    ///
    ///     queries  avx512, 384 floats  avx512, 3,072 floats  avx512, 64 floats  avx2, 384 floats
    ///              99,960 rows         12,500 rows           299,880 rows       99,960 rows
    ///           1    14.8 / 14.8         11.8 / 11.6            7.5 / 6.8         20.4 / 36.2
    ///           4    19.3 / 21.7         17.3 / 15.9            8.2 / 6.5         18.2 / 30.0
    ///           8    20.8 / 27.0         21.6 / 19.5            8.6 / 10.9        31.1 / 40.9
    ///          16    24.7 / 33.1         31.3 / 26.8           12.4 / 21.9        36.9 / 40.7
    ///          32    36.6 / 60.1         58.6 / 49.0           22.5 / 28.5        58.7 / 58.2
    ///          64    70.3 / 94.7         99.8 / 83.9           45.6 / 42.6         126 / 99.2
    ///         128     112 / 149           208 / 407            83.9 / 71.2         238 / 165
    ///         256     230 / 275           424 / 770             194 / 146          450 / 297
    ///
    /// At 768 and 1,024 floats the AVX-512 kernels were not slower from 8 queries on. NEON is a guess: nobody has
    /// measured it.
    fileprivate func isSlowerThanBlas(queryCount: Int, length: Int) -> Bool {
        switch self {
        case .avx512: length > 1_024 ? (16...64).contains(queryCount) : length <= 128 && queryCount > 64
        case .avx2: queryCount >= 32
        case .neon: queryCount >= 8
        case .serial: true
        }
    }
}
