import CacheModel
import FoundationEssentials

/// A vector as the command line takes it: its components, or a file of them.
enum VectorText {
    /// `0.1,-0.2,…`, or `@file.json` for a file with an array of numbers.
    ///
    /// - Throws: `invalid-argument`.
    static func parse(_ text: String) throws(CacheError) -> [Float] {
        if text.hasPrefix("@") { return try parse(file: String(text.dropFirst())) }
        var vector: [Float] = []
        for (index, word) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let word = word.filter { $0 != " " }
            guard let component = Float(word), component.isFinite else {
                throw CacheError(
                    .invalidArgument, "component \(index) of the vector, '\(word.prefix(40))', is not a number",
                    detail: ["field": "vector"])
            }
            vector.append(component)
        }
        return try checked(vector)
    }

    private static func parse(file path: String) throws(CacheError) -> [Float] {
        let bytes = try FileBytes.read(path, limitBytes: 1 << 20)
        guard let vector = try? JSONDecoder().decode([Float].self, from: Data(bytes)) else {
            throw CacheError(
                .invalidArgument, "\(path) does not hold a JSON array of numbers", detail: ["field": "vector"])
        }
        return try checked(vector)
    }

    private static func checked(_ vector: [Float]) throws(CacheError) -> [Float] {
        guard Limits.dimensionRange.contains(vector.count) else {
            throw CacheError(
                .invalidArgument, "a vector has 1 through \(Limits.dimensionRange.upperBound) components",
                detail: ["field": "vector", "got": "\(vector.count)", "limit": "\(Limits.dimensionRange.upperBound)"])
        }
        return vector
    }
}
