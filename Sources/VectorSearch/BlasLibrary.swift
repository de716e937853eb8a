package import CacheModel
import COpenBLAS

/// Proof that the OpenBLAS of this process was found fit and set up: one thread per call, safe to call from several
/// threads.
package struct BlasLibrary: Sendable {
    /// What the library says of its own build, for logs.
    package let configuration: String

    /// Sets OpenBLAS to one thread per call, for the whole process: the threads belong to the engine.
    /// - Throws: `invalidConfiguration` for a build that is not safe to call from several threads.
    package init() throws(CacheError) {
        let configuration = String(cString: openblas_get_config())
        try Self.check(parallelism: openblas_get_parallel(), configuration: configuration)
        openblas_set_num_threads(1)
        self.configuration = configuration
    }

    /// `parallelism` is what `openblas_get_parallel` returns: 0 for a serial build, 1 for POSIX threads, 2 for OpenMP.
    /// A serial build returns wrong results when several threads call it, and only the build with POSIX threads was
    /// examined.
    static func check(parallelism: Int32, configuration: String) throws(CacheError) {
        guard parallelism == 1 else {
            let flavor = parallelism == 0 ? "the serial build" : "a build without POSIX threads"
            throw CacheError(
                .invalidConfiguration,
                "This OpenBLAS is \(flavor), which is not safe to call from several threads. "
                    + "Install the one with POSIX threads: libopenblas0-pthread on Debian and Ubuntu.",
                detail: ["configuration": configuration])
        }
    }

    /// Products of every query with every row of a run: `products[q * productStride + r]`. Both matrices are row-major;
    /// rows and queries have `length` components, their strides are in floats.
    func multiply(
        queries: UnsafePointer<Float>, queryCount: Int, queryStride: Int, rows: UnsafePointer<Float>, rowCount: Int,
        rowStride: Int, length: Int, products: UnsafeMutablePointer<Float>, productStride: Int
    ) {
        // Counts are bounded by the limits of a search, far inside of 32 bits.
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, blasint(queryCount), blasint(rowCount), blasint(length), 1,
            queries, blasint(queryStride), rows, blasint(rowStride), 0, products, blasint(productStride))
    }
}
