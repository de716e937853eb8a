/// A chunk that begins with digits and is a number: `1,000`, `$50`, `3pm`, `100ml`, `14-day`, `#412`, `-5°C`, `v2.4`,
/// `15:00`.
struct NumberText {
    /// Without thousands separators; with a full stop as decimal mark; "h:mm" for a time of day.
    private(set) var digits = ""
    private(set) var original = ""
    /// The second number of "3-5".
    private(set) var rangeEnd: String?
    /// Words to stand before it: "version".
    private(set) var prefix: String?
    /// Words to stand after it: units, "pm", "th" for an ordinal number.
    private(set) var suffix: [String] = []
    private(set) var isHyphenated = false
    /// Digits with two or more points: a version or an address, of which every digit counts.
    private(set) var isIdentifier = false

    init?(_ core: [Unicode.Scalar]) {
        original = String(String.UnicodeScalarView(core))
        var position = 0
        var currency: String?
        var isNegative = false
        if core[0] == "#" || core[0] == "№" {
            position = 1
        } else if core.count > 1, core[0] == "v" || core[0] == "V", core[1].isDigit {
            prefix = "version"
            position = 1
        } else {
            if core[0] == "-" || core[0] == "+" {
                isNegative = core[0] == "-"
                position = 1
            }
            if position < core.count, let name = Self.currencies[core[position]] {
                currency = name
                position += 1
            }
        }
        let start = position
        while position < core.count, core[position].isDigit || Self.isSeparator(core, position) { position += 1 }
        guard position > start, core[start].isDigit else { return nil }
        let body = core[start..<position]
        guard readBody(body) else { return nil }
        if isNegative { digits = "-" + digits }
        guard readSuffix(Array(core[position...])) else { return nil }
        if isIdentifier, !suffix.isEmpty { return nil }
        if let currency { suffix = suffix.filter { $0 != currency } + [currency] }
    }

    private static func isSeparator(_ core: [Unicode.Scalar], _ position: Int) -> Bool {
        guard core[position] == "." || core[position] == "," || core[position] == ":", position > 0,
            position + 1 < core.count
        else { return false }
        return core[position - 1].isDigit && core[position + 1].isDigit
    }

    private mutating func readBody(_ body: ArraySlice<Unicode.Scalar>) -> Bool {
        let points = body.count { $0 == "." }
        let commas = body.count { $0 == "," }
        let colons = body.count { $0 == ":" }
        if colons > 0 {
            guard points == 0, commas == 0, colons <= 2 else { return false }
        }
        if points > 1, commas == 0 {
            isIdentifier = true
            digits = String(String.UnicodeScalarView(body))
            return true
        }
        let groups = body.split(separator: ",")
        let isGrouped = commas > 0 && groups.dropFirst().allSatisfy { $0.prefix { $0 != "." }.count == 3 }
        for scalar in body {
            if scalar == "," {
                if !isGrouped {
                    // A decimal comma, of which there is one.
                    guard commas == 1, points == 0 else { return false }
                    digits.append(".")
                }
            } else {
                digits.unicodeScalars.append(scalar)
            }
        }
        return true
    }

    private mutating func readSuffix(_ rest: [Unicode.Scalar]) -> Bool {
        guard let first = rest.first else { return true }
        if first == "%" || first == "°" || first == "€" || first == "$" || first == "£" || first == "\"" {
            let unit = String(String.UnicodeScalarView(rest)).lowercased()
            guard let words = Self.signs[unit] else { return false }
            suffix = words
            return true
        }
        if first == "-" {
            let after = rest.dropFirst()
            guard let next = after.first else { return true }
            if next.isDigit {
                guard after.allSatisfy({ $0.isDigit }), let lower = Int(digits),
                    let upper = Int(String(String.UnicodeScalarView(after)))
                else { return false }
                let areYears = (1900...2100).contains(lower) && (1900...2100).contains(upper) && after.count == 4
                guard lower < upper, areYears || (lower < 1_000 && upper < 1_000) else { return false }
                rangeEnd = String(upper)
                return true
            }
            guard after.allSatisfy({ $0.isLetter || $0 == "-" }) else { return false }
            let words = after.split(separator: "-").map { String(String.UnicodeScalarView($0)).lowercased() }
            // "7781-A" is a name, "14-day" is not.
            guard words.allSatisfy({ $0.utf8.count > 1 }) else { return false }
            suffix = words
            isHyphenated = true
            return true
        }
        guard rest.allSatisfy({ $0.isLetter }) else { return false }
        let word = String(String.UnicodeScalarView(rest)).lowercased()
        switch word {
        case "st", "nd", "rd", "th": suffix = ["th"]
        case "k": suffix = ["thousand"]
        case "bn": suffix = ["billion"]
        case "mn": suffix = ["million"]
        case "am", "pm", "x": suffix = [word]
        default:
            guard Unit.named(word) != nil else { return false }
            suffix = [word]
        }
        return true
    }

    private static let currencies: [Unicode.Scalar: String] = [
        "$": "dollars", "€": "euros", "£": "sterling", "¥": "yen", "₹": "rupees",
    ]
    private static let signs: [String: [String]] = [
        "%": ["percent"], "°": ["degrees"], "°c": ["celsius"], "°f": ["fahrenheit"], "€": ["euros"], "$": ["dollars"],
        "£": ["sterling"], "\"": ["inches"],
    ]
}
