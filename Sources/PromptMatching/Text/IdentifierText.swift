/// What makes a chunk a name that a machine reads.
enum IdentifierText {
    /// The name, as it was written, without call brackets; nil for an ordinary word.
    static func name(in core: [Unicode.Scalar]) -> String? {
        guard core.count >= 2 else { return nil }
        if let bracket = core.firstIndex(of: "("), bracket > 0, core.last == ")" {
            return text(core[..<bracket])
        }
        if isAddress(core) || isPath(core) || isFlag(core) || hasInnerUnderscore(core) || isDotted(core) {
            return text(core[...])
        }
        return isCamelCase(core) || mixesDigits(core) ? text(core[...]) : nil
    }

    /// The words of a name: `getUserById` → get, user, by, id.
    static func parts(of name: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var wasLower = false
        for scalar in name.unicodeScalars {
            let isUpper = scalar.isUpper
            if !(scalar.isLetter || scalar.isDigit) || (isUpper && wasLower) {
                if !part.isEmpty { parts.append(part.lowercased()) }
                part = ""
            }
            if scalar.isLetter || scalar.isDigit { part.unicodeScalars.append(scalar) }
            wasLower = !isUpper && scalar.isLetter
        }
        if !part.isEmpty { parts.append(part.lowercased()) }
        return parts
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(scalars))
    }

    private static func isAddress(_ core: [Unicode.Scalar]) -> Bool {
        if let at = core.firstIndex(of: "@"), core[at...].contains(".") || at == 0 { return true }
        guard let colon = core.firstIndex(of: ":"), colon + 2 < core.count else { return false }
        return core[colon + 1] == "/" && core[colon + 2] == "/"
    }

    private static func isPath(_ core: [Unicode.Scalar]) -> Bool {
        if core.contains("\\") { return true }
        let slashes = core.count { $0 == "/" }
        return slashes > 0 && (core[0] == "/" || core[0] == "~" || core[0] == "." || slashes > 2)
    }

    private static func isFlag(_ core: [Unicode.Scalar]) -> Bool {
        guard core[0] == "-" else { return false }
        if core[1] == "-" { return core.count > 2 && core[2].isLetter }
        return core.count == 2 && core[1].isLetter
    }

    private static func hasInnerUnderscore(_ core: [Unicode.Scalar]) -> Bool {
        core.contains("_") && core.contains { $0.isLetter || $0.isDigit }
    }

    private static func isDotted(_ core: [Unicode.Scalar]) -> Bool {
        let parts = core.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, parts.allSatisfy({ $0.allSatisfy { $0.isLetter || $0.isDigit || $0 == "-" } }) else {
            return false
        }
        // "e.g", "U.S", and a full stop without a space after it.
        if parts.allSatisfy({ $0.count <= 1 }) { return false }
        if parts.count == 2, parts[1].first?.isUpper == true,
            parts[0].first?.isUpper == false
        {
            return false
        }
        return parts.dropFirst().allSatisfy { !$0.isEmpty }
    }

    private static func isCamelCase(_ core: [Unicode.Scalar]) -> Bool {
        guard core.allSatisfy({ $0.isLetter || $0.isDigit }) else { return false }
        return zip(core, core.dropFirst()).contains { $0.isLower && $1.isUpper }
    }

    private static func mixesDigits(_ core: [Unicode.Scalar]) -> Bool {
        guard core.contains(where: { $0.isDigit }) else { return false }
        return core.contains { $0.isLetter } || core.contains("-") || core.contains("/")
    }
}
