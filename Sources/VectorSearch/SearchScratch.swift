import CVectorKernels

/// The memory that a search works in, used again by the next one. Belongs to one thread: never two searches at once.
package final class SearchScratch {
    /// Rows that one call of a kernel takes.
    static let tileRows = 128
    /// Single rows that are gathered before they are computed: 64 rows of 384 floats are 96 KiB, well inside the second
    /// cache.
    static let stagedRows = 64

    var collectors: [MatchCollector] = []
    /// Per query: the lowest canonical dot product that still matters.
    private(set) var cuts = UnsafeMutablePointer<Float>.allocate(capacity: 1)
    private(set) var queries = UnsafeMutablePointer<UnsafePointer<Float>>.allocate(capacity: 1)
    /// `tileRows` products per query.
    private(set) var products = UnsafeMutablePointer<Float>.allocate(capacity: SearchScratch.tileRows)
    private var queryCapacity = 1
    /// All queries in one row-major matrix, for BLAS.
    private(set) var packedQueries = UnsafeMutablePointer<Float>.allocate(capacity: 1)
    private var packedCapacity = 1

    let selected = UnsafeMutablePointer<UInt32>.allocate(capacity: SearchScratch.tileRows)
    let staged = UnsafeMutablePointer<UnsafePointer<Float>>.allocate(capacity: SearchScratch.stagedRows)
    let stagedNumbers = UnsafeMutablePointer<UInt32>.allocate(capacity: SearchScratch.stagedRows)

    package init() {}

    deinit {
        cuts.deallocate()
        queries.deallocate()
        products.deallocate()
        packedQueries.deallocate()
        selected.deallocate()
        staged.deallocate()
        stagedNumbers.deallocate()
    }

    /// Makes room and starts a collector for every query.
    func begin(_ searched: [Query]) {
        while collectors.count < searched.count { collectors.append(MatchCollector()) }
        if queryCapacity < searched.count {
            cuts.deallocate()
            queries.deallocate()
            products.deallocate()
            cuts = .allocate(capacity: searched.count)
            queries = .allocate(capacity: searched.count)
            products = .allocate(capacity: searched.count * Self.tileRows)
            queryCapacity = searched.count
        }
        for (index, query) in searched.enumerated() {
            collectors[index].begin(threshold: query.threshold, neighbors: query.neighbors)
            cuts[index] = -.infinity
            queries[index] = query.vector.address
        }
    }

    /// Copies the queries into one matrix with rows of `length` floats.
    func packQueries(count: Int, length: Int) {
        if packedCapacity < count * length {
            packedQueries.deallocate()
            packedQueries = .allocate(capacity: count * length)
            packedCapacity = count * length
        }
        for index in 0..<count {
            (packedQueries + index * length).update(from: queries[index], count: length)
        }
    }
}
