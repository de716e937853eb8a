import COpenBLAS

/// Products of row-major matrices by OpenBLAS, for training only: there they are nearly all of the work.
enum MatrixProducts {
    /// `result = first · second`, of `rows` × `inner` and `inner` × `columns`; with flags for matrices stored
    /// transposed.
    static func multiply(
        _ first: [Float], _ second: [Float], firstTransposed: Bool = false, secondTransposed: Bool = false, rows: Int,
        inner: Int, columns: Int, into result: inout [Float]
    ) {
        precondition(first.count >= rows * inner && second.count >= inner * columns, "matrices have their sizes")
        if result.count != rows * columns { result = [Float](repeating: 0, count: rows * columns) }
        guard rows > 0, inner > 0, columns > 0 else { return }
        result.withUnsafeMutableBufferPointer { result in
            cblas_sgemm(
                CblasRowMajor, firstTransposed ? CblasTrans : CblasNoTrans,
                secondTransposed ? CblasTrans : CblasNoTrans,
                blasint(rows), blasint(columns), blasint(inner), 1, first, blasint(firstTransposed ? rows : inner),
                second, blasint(secondTransposed ? inner : columns), 0, result.baseAddress, blasint(columns))
        }
    }

    /// One thread for the whole process, as the service has it, too: sums then come in one order.
    static func useOneThread() { openblas_set_num_threads(1) }
}
