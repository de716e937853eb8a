import CacheModel
import FoundationEssentials

/// The sample in the folder `Demo`: answered questions, questions to ask, and the vectors of both.
struct DemoData {
    /// A question to ask, and what it shows; see `Demo/README.md`.
    struct Query: Decodable, Sendable {
        var name: String
        var prompt: String
        var shows: String
        var matches: String?
        /// What is announced, as `invalidate` takes it.
        var invalidate: String?
        /// The late answer, where there is one.
        var payload: String?
        var dependencies: [String]?

        enum CodingKeys: String, CodingKey {
            case name, prompt, shows, matches, invalidate, payload
            case dependencies = "depends_on"
        }
    }

    var directory: String
    var queries: [Query]
    var vectors: [[Float]]

    var support: String { directory + "/support.npy" }
    var queryVectors: String { directory + "/queries.npy" }

    /// - Parameter directory: nil to look for it in the working directory and beside the program, and above each.
    /// - Throws: `invalid-argument`.
    init(directory given: String?) throws(CacheError) {
        let directory = if let given { given } else { try Self.find() }
        self.directory = directory
        let file = try NumPyFile(directory + "/queries.npy")
        vectors = try file.rows(0..<file.rowCount)
        var lines = try JSONLinesFile(directory + "/queries.jsonl")
        queries = []
        while let line = try lines.next() {
            guard let query = try? JSONDecoder().decode(Query.self, from: Data(line)) else {
                throw CacheError(
                    .invalidArgument, "line \(lines.lineNumber) of \(directory)/queries.jsonl is not a query")
            }
            queries.append(query)
        }
        guard queries.count == vectors.count else {
            throw CacheError(.invalidArgument, "\(directory) has \(queries.count) queries and \(vectors.count) vectors")
        }
    }

    private static func find() throws(CacheError) -> String {
        let executable = URL(filePath: Executable.path).resolvingSymlinksInPath().path
        let working = FileManager.default.currentDirectoryPath
        // The nearest name reads best in the commands that are shown.
        if FileBytes.exists("Demo/support.npy") { return "Demo" }
        for start in [working, executable] {
            var folder = start[...]
            while let slash = folder.lastIndex(of: "/") {
                let candidate = folder + "/Demo"
                if FileBytes.exists(candidate + "/support.npy") { return String(candidate) }
                folder = folder[..<slash]
            }
        }
        throw CacheError(
            .invalidArgument, "the folder Demo is neither here nor beside the program; name it with --demo-data")
    }

    /// - Throws: `invalid-argument` when the sample has no such query.
    func query(_ name: String) throws(CacheError) -> (row: Int, query: Query) {
        guard let row = queries.firstIndex(where: { $0.name == name }) else {
            throw CacheError(.invalidArgument, "\(directory)/queries.jsonl has no query '\(name)'")
        }
        return (row, queries[row])
    }
}
