package import CacheModel

/// The data that an answer rests on, as `x-semblance-depends-on` names it.
///
///     kb/refunds@42                        version 42 of the first generation
///     kb/refunds@42~00c1f3a09b2e7d44:17    version 42 of the generation that began at that position
///     kb/faq#a1b2c3                        under a label
///     kb/shipping                          in a state that nobody named: stored only under a lease
///
/// Commas separate them, with spaces around if one likes. The first `@` or `#` ends a name; characters that mean
/// something here, and what is not printable ASCII, may be percent-encoded in names and labels, `%` must be.
package enum DependencyList {
    /// What is wrong with a list, as the end of a sentence about the header.
    struct Problem: Error, Hashable {
        var reason: String
    }

    static func parse(_ text: String) throws(Problem) -> [Dependency] {
        var dependencies: [Dependency] = []
        var versions: [Name: DataVersion] = [:]
        for element in HeaderList.elements(text) {
            let dependency = try dependency(element)
            if let known = versions.updateValue(dependency.version, forKey: Name(dependency.source)) {
                guard sameVersion(known, dependency.version) else {
                    throw Problem(reason: "names the source '\(dependency.source)' in two versions")
                }
                continue
            }
            guard dependencies.count < GatewayLimits.dependencyCount else {
                throw Problem(reason: "names more than \(GatewayLimits.dependencyCount) sources")
            }
            dependencies.append(dependency)
        }
        return dependencies
    }

    /// What `parse` reads back.
    package static func text(_ dependencies: [Dependency]) -> String {
        dependencies.map { dependency in
            let name = PercentCoding.encode(dependency.source, also: "@#,")
            switch dependency.version {
            case .unnamed: return name
            case .ordered(let number, .zero): return "\(name)@\(number)"
            case .ordered(let number, let generation): return "\(name)@\(number)~\(generation)"
            case .labelled(let label): return "\(name)#" + PercentCoding.encode(label, also: ",")
            }
        }
        .joined(separator: ", ")
    }

    private static func dependency(_ text: Substring) throws(Problem) -> Dependency {
        let end = text.utf8.firstIndex { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "#") }
        let source = try name(text[..<(end ?? text.endIndex)], limitBytes: Limits.sourceBytes, "the name of a source")
        guard let end else { return Dependency(source) }
        let rest = text[text.utf8.index(after: end)...]
        if text.utf8[end] == UInt8(ascii: "#") {
            let label = try name(rest, limitBytes: Limits.labelBytes, "a label")
            return Dependency(source, .labelled(label))
        }
        let (number, position) = HeaderList.halves(rest, at: UInt8(ascii: "~"))
        guard let version = DecimalText.unsigned(number) else {
            throw Problem(
                reason: "has '\(number)' as the version of '\(source)', but after '@' comes a whole number; "
                    + "labels come after '#'")
        }
        guard let position else { return Dependency(source, .ordered(version)) }
        guard let generation = Generation(String(position)) else {
            throw Problem(
                reason: "has '\(position)' as the generation of '\(source)', but it is a position such as "
                    + "00c1f3a09b2e7d44:17")
        }
        return Dependency(source, .ordered(version, generation: generation))
    }

    private static func name(_ text: Substring, limitBytes: Int, _ noun: String) throws(Problem) -> String {
        guard let name = PercentCoding.decode(text) else {
            throw Problem(reason: "has '\(text)', but '%' is followed by two hexadecimal digits and the text is UTF-8")
        }
        guard (1...limitBytes).contains(name.utf8.count) else {
            throw Problem(reason: "has '\(text)', but \(noun) has 1 through \(limitBytes) bytes")
        }
        return name
    }

    /// Byte by byte, as the store compares labels.
    private static func sameVersion(_ one: DataVersion, _ other: DataVersion) -> Bool {
        if case .labelled(let label) = one, case .labelled(let otherLabel) = other {
            return Name(label) == Name(otherLabel)
        }
        return one == other
    }
}
