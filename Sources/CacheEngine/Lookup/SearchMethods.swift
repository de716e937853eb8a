package import VectorSearch

/// The ways to search, and the memory of a thread to search in.
package struct SearchMethods: Sendable {
    package let scan: ExactScan
    /// Nil where there are no kernels for sketches; nothing is indexed then.
    package let pruned: PrunedSearch?

    package init(kernels: Kernels, blas: BlasLibrary) {
        scan = ExactScan(kernels: kernels, blas: blas)
        pruned = PrunedSearch(kernels: kernels)
    }
}

/// Belongs to one thread: never two searches at once.
package final class SearchMemory {
    let scan = SearchScratch()
    let pruned = PruningScratch()

    package init() {}
}
