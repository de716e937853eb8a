/// How far two spellings are apart.
enum EditDistance {
    /// Whether the words may be one, misspelled: a letter missing, added, replaced or two exchanged; two of those in
    /// words of
    /// eight letters or more. The first letter is hardly ever wrong.
    static func isTypo(_ first: String, _ second: String) -> Bool {
        let left = Array(first.utf8)
        let right = Array(second.utf8)
        guard left.first == right.first, min(left.count, right.count) >= 4, left.count <= 32, right.count <= 32 else {
            return false
        }
        let limit = min(left.count, right.count) >= 8 ? 2 : 1
        guard abs(left.count - right.count) <= limit else { return false }
        return distance(left, right) <= limit
    }

    /// Optimal string alignment: Levenshtein's distance with exchanged neighbors as one step.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 1...max(left.count, 1) where !left.isEmpty {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1...max(right.count, 1) where !right.isEmpty {
                let cost = left[row - 1] == right[column - 1] ? 0 : 1
                var best = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + cost)
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    best = min(best, beforeLast[column - 2] + 1)
                }
                current[column] = best
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
