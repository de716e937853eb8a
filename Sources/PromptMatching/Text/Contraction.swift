/// Short forms of English, written out: "what's" → what is, "don't" → do not.
enum Contraction {
    struct Word {
        let text: String
        var isPossessive = false
    }

    /// `written` has no hyphens or slashes.
    static func words(of written: String) -> [Word] {
        let text = cleaned(written.lowercased())
        if let words = irregular[text] { return words.map { Word(text: $0) } }
        guard let apostrophe = text.lastIndex(of: "'"), apostrophe > text.startIndex else {
            return [Word(text: text.filter { $0 != "'" })]
        }
        let head = String(text[..<apostrophe])
        switch text[text.index(after: apostrophe)...] {
        case "s" where takesIs.contains(head): return [Word(text: head), Word(text: "is")]
        case "s", "": return [Word(text: head.filter { $0 != "'" }, isPossessive: true)]
        case "m": return [Word(text: head), Word(text: "am")]
        case "re": return [Word(text: head), Word(text: "are")]
        case "ve": return [Word(text: head), Word(text: "have")]
        case "ll": return [Word(text: head), Word(text: "will")]
        case "d": return [Word(text: head), Word(text: "would")]
        case "t" where head.hasSuffix("n"): return [Word(text: String(head.dropLast())), Word(text: "not")]
        default: return [Word(text: text.filter { $0 != "'" })]
        }
    }

    /// Letters, digits, marks and apostrophes, and the signs in "c++", "c#" and ".net".
    private static func cleaned(_ text: String) -> String {
        if text.utf8.allSatisfy({ ($0 >= 97 && $0 <= 122) || $0 == 39 }) || Alias.names[text] != nil { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let category = scalar.properties.generalCategory
            let isMark = category == .nonspacingMark || category == .spacingMark
            if scalar.isLetter || scalar.isDigit || isMark || scalar == "'" || scalar == "+" || scalar == "#" {
                result.append(scalar)
            }
        }
        while let last = result.last, last == "+" || last == "#", result.count > 3 { result.removeLast() }
        return result.contains(where: { $0 != "+" && $0 != "#" }) ? String(result) : ""
    }

    private static let takesIs: Set<String> = [
        "what", "who", "where", "when", "how", "why", "it", "that", "there", "here", "he", "she", "which", "this",
    ]

    /// Irregular ones, and those whose apostrophe people leave out where no other word is meant.
    private static let irregular: [String: [String]] = {
        var table: [String: [String]] = [
            "can't": ["can", "not"], "cant": ["can", "not"], "cannot": ["can", "not"], "won't": ["will", "not"],
            "wont": ["will", "not"], "shan't": ["shall", "not"], "ain't": ["is", "not"], "let's": ["let", "us"],
            "im": ["i", "am"], "ive": ["i", "have"], "whats": ["what", "is"], "wheres": ["where", "is"],
            "hows": ["how", "is"], "whos": ["who", "is"], "thats": ["that", "is"], "gonna": ["going", "to"],
            "wanna": ["want", "to"], "y'all": ["you"], "o'clock": ["oclock"],
        ]
        for verb in [
            "do", "does", "did", "is", "are", "was", "were", "has", "have", "had", "would", "should", "could", "must",
        ] {
            table[verb + "nt"] = [verb, "not"]
        }
        return table
    }()
}
