/// How one lookup was searched, and what that took: for whoever wants to know why a lookup is as fast as it is.
public struct SearchExplanation: Hashable, Sendable {
    public enum Plan: UInt8, Hashable, Sendable, CaseIterable {
        /// The vectors of the scope's own rows were compared, by their list.
        case scopeList = 1
        /// The vectors of all rows were compared.
        case scan = 2
        /// The search index ruled out nearly all rows by their sketches.
        case partition = 3
    }

    /// How often each step of the search was taken, in the order of the steps.
    public struct Counts: Hashable, Sendable {
        /// Rows of the namespace, and of the lookup's scope.
        public var rows: UInt64 = 0
        public var scopeRows: UInt64 = 0
        /// Cells of the partition, and those that the bounds left.
        public var cells: UInt64 = 0
        public var cellsVisited: UInt64 = 0
        /// Blocks of sketches that the bounds left.
        public var blocks: UInt64 = 0
        /// Rows whose first sketch was read, and those whose second one was.
        public var sketchesRead: UInt64 = 0
        public var sketchesRefined: UInt64 = 0
        /// Candidates: rows whose vector was read and compared.
        public var rowsCompared: UInt64 = 0

        public init() {}
    }

    /// Nanoseconds of each stage.
    public struct Times: Hashable, Sendable {
        /// Rounding and rotating the query, and making its tables.
        public var prepareNanoseconds: UInt64 = 0
        /// Its products with all centroids.
        public var centroidNanoseconds: UInt64 = 0
        /// Choosing cells and blocks by the bounds.
        public var chooseNanoseconds: UInt64 = 0
        /// The first sketches, and the second ones.
        public var sketchNanoseconds: UInt64 = 0
        public var refineNanoseconds: UInt64 = 0
        /// Comparing vectors; without a partition the whole search.
        public var compareNanoseconds: UInt64 = 0

        public init() {}
    }

    public var plan: Plan
    public var counts = Counts()
    public var times = Times()

    public init(plan: Plan) { self.plan = plan }
}
