/// The name that somebody probably meant.
enum NearestName {
    /// The longest names that are compared, so that a peer's text costs nothing.
    private static let comparedBytes = 64

    /// - Returns: the candidate with the fewest changed, added, left out or swapped letters; nil when none is near.
    static func of(_ name: String, in candidates: some Sequence<String>) -> String? {
        let wanted = folded(name)
        guard wanted.count <= comparedBytes else { return nil }
        // A third of the letters may be wrong: more, and it is another word.
        let limit = max(1, wanted.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let distance = distance(wanted, folded(candidate))
            guard distance <= limit else { continue }
            if let best, (best.distance, best.name) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.name
    }

    /// `; did you mean 'x'?`, or nothing.
    static func suggestion(for name: String, in candidates: some Sequence<String>) -> String {
        of(name, in: candidates).map { "; did you mean '\($0)'?" } ?? ""
    }

    private static func folded(_ name: String) -> [UInt8] {
        name.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "_"), UInt8(ascii: " "), UInt8(ascii: "."): UInt8(ascii: "-")
            default: byte
            }
        }
    }

    /// Optimal string alignment: Damerau's distance in which no part is edited twice.
    static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        guard !one.isEmpty, !other.isEmpty else { return max(one.count, other.count) }
        var beforeLast = [Int](repeating: 0, count: other.count + 1)
        var last = Array(0...other.count)
        for (i, byte) in one.enumerated() {
            var row = [i + 1]
            for (j, otherByte) in other.enumerated() {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (byte == otherByte ? 0 : 1))
                if i > 0, j > 0, byte == other[j - 1], one[i - 1] == otherByte {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                row.append(best)
            }
            (beforeLast, last) = (last, row)
        }
        return last[other.count]
    }
}
