/// A mapping of the configuration: what is below one key.
final class ConfigurationSection {
    let reader: ConfigurationReader
    let path: [String]
    private let members: [ConfigurationNode.Member]
    private var asked: Set<String> = []

    init(_ reader: ConfigurationReader, path: [String], _ node: ConfigurationNode?) {
        self.reader = reader
        self.path = path
        switch node?.content {
        case .mapping(let members): self.members = members
        case .empty, nil: members = []
        case .text, .list:
            members = []
            if let node {
                reader.report(Self.text(path), reader.place(of: node), "must be a mapping, not \(node.phrase)")
            }
        }
        var seen: Set<String> = []
        for member in members where !seen.insert(member.name).inserted {
            reader.report(Self.text(path + [member.name]), reader.place(of: member.value), "is there twice")
        }
    }

    /// Reports the keys that nobody has asked for.
    func finish() {
        for member in members where !asked.contains(member.name) {
            let suggestion = NearestName.suggestion(for: member.name, in: asked)
            let known = suggestion.isEmpty ? "; there are \(asked.sorted().joined(separator: ", "))" : suggestion
            reader.report(
                Self.text(path + [member.name]), reader.place(of: member.value), "is not known\(known)")
        }
    }

    func key(_ name: String) -> String { Self.text(path + [name]) }

    private static func text(_ path: [String]) -> String {
        path.isEmpty ? "the file" : path.joined(separator: ".")
    }

    private func node(_ name: String) -> ConfigurationNode? {
        asked.insert(name)
        return members.first { $0.name == name }?.value
    }

    /// Where a key stands, or would stand.
    func place(_ name: String) -> String {
        if let (_, origin) = reader.override(path + [name]) { return origin.description }
        return node(name).map { reader.place(of: $0) } ?? "default"
    }

    func report(_ name: String, _ reason: String) { reader.report(key(name), place(name), reason) }

    // MARK: Values

    /// - Parameters:
    ///   - variables: other variables that set it, where nothing of ours does.
    ///   - standard: as one would write it; nil for none.
    /// - Returns: nil when it is not set and has no default, or cannot be read, which is reported.
    func value<Value>(
        _ name: String, _ expectation: String, standard: String? = nil, variables: [String] = [],
        isSecret: Bool = false,
        _ parse: (String) -> Value?
    ) -> Value? {
        let (text, origin) = scalar(name, variables: variables) ?? (standard, .standard)
        guard let text else {
            reader.note(path + [name], nil, .standard)
            return nil
        }
        reader.note(path + [name], isSecret ? Secret.mask : text, origin)
        if let value = parse(text) { return value }
        let got = isSecret ? "what is there" : "'\(text)'"
        reader.report(key(name), origin.description, "must be \(expectation), not \(got)")
        return nil
    }

    private func scalar(_ name: String, variables: [String]) -> (String?, ConfigurationSetting.Origin)? {
        let node = node(name)
        if let (text, origin) = reader.override(path + [name]) { return (text, origin) }
        if let node {
            switch node.content {
            case .text(let text): return (text, .file(reader.fileName, line: node.line))
            case .empty: break
            case .list, .mapping:
                reader.report(key(name), reader.place(of: node), "must be a single value, not \(node.phrase)")
            }
        }
        for variable in variables {
            if let text = reader.environment[variable] { return (text, .environment(variable)) }
        }
        return nil
    }

    func text(_ name: String, standard: String? = nil) -> String? {
        value(name, "a text", standard: standard) { $0.isEmpty ? nil : $0 }
    }

    func isOn(_ name: String, standard: Bool) -> Bool {
        value(name, "on or off", standard: standard ? "on" : "off") { text in
            ["on": true, "true": true, "yes": true, "off": false, "false": false, "no": false][text.lowercased()]
        } ?? standard
    }

    func number(_ name: String, _ range: ClosedRange<Int>, standard: Int) -> Int {
        let expectation = "a whole number from \(range.lowerBound) through \(range.upperBound)"
        return value(name, expectation, standard: String(standard)) { text in
            DecimalText.unsigned(text).flatMap { Int(exactly: $0) }.flatMap { range.contains($0) ? $0 : nil }
        } ?? standard
    }

    func byteCount(_ name: String, _ range: ClosedRange<Int>, standard: Int) -> Int {
        let (least, most) = (ByteCountText.text(bytes: range.lowerBound), ByteCountText.text(bytes: range.upperBound))
        let expectation = "\(ByteCountText.expectation), from \(least) through \(most)"
        return value(name, expectation, standard: ByteCountText.text(bytes: standard)) { text in
            ByteCountText.bytes(parsing: text).flatMap { range.contains($0) ? $0 : nil }
        } ?? standard
    }

    /// Milliseconds.
    func duration(_ name: String, longest: Int64 = GatewayLimits.longestTimeoutMilliseconds, standard: Int64) -> Int64 {
        let expectation = "\(DurationText.expectation), at most \(DurationText.text(milliseconds: longest))"
        return value(name, expectation, standard: DurationText.text(milliseconds: standard)) { text in
            DurationText.milliseconds(parsing: text).flatMap { $0 <= longest ? $0 : nil }
        } ?? standard
    }

    func choice<Value: RawRepresentable<String> & CaseIterable>(_ name: String, standard: Value) -> Value {
        let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return value(name, "one of \(known)", standard: standard.rawValue, Value.init(rawValue:)) ?? standard
    }

    // MARK: What holds more than one value

    /// A list, in the environment with commas; a single text counts as a list of one.
    func texts(_ name: String, standard: [String], isSecret: Bool = false) -> [String] {
        let node = node(name)
        var texts = standard
        var origin = ConfigurationSetting.Origin.standard
        if let (text, overridden) = reader.override(path + [name]) {
            (texts, origin) = (HeaderList.elements(text).map { String($0) }, overridden)
        } else if let node, let list = list(node, name) {
            (texts, origin) = (list, .file(reader.fileName, line: node.line))
        }
        let shown = isSecret ? texts.map { _ in Secret.mask } : texts
        reader.note(path + [name], "[\(shown.joined(separator: ", "))]", origin)
        return texts
    }

    private func list(_ node: ConfigurationNode, _ name: String) -> [String]? {
        switch node.content {
        case .empty: return nil
        case .text(let text): return [text]
        case .list(let elements):
            return elements.compactMap { element in
                if case .text(let text) = element.content { return text }
                reader.report(
                    key(name), reader.place(of: element), "must be a list of single values, not \(element.phrase)")
                return nil
            }
        case .mapping:
            reader.report(key(name), reader.place(of: node), "must be a list, not \(node.phrase)")
            return nil
        }
    }

    func section(_ name: String) -> ConfigurationSection {
        ConfigurationSection(reader, path: path + [name], node(name))
    }

    /// What is below each name of a mapping whose names one may choose. The variable of the mapping itself may name
    /// more of them, with commas, to be filled by variables of their own.
    ///
    /// - Parameter standard: names that are there without being written.
    func named(_ name: String, standard: [String]) -> [(name: String, section: ConfigurationSection)] {
        let mapping = section(name)
        var names = standard
        for member in mapping.members { names.append(member.name) }
        if let (text, _) = reader.override(path + [name]) { names += HeaderList.elements(text).map { String($0) } }
        var variables: [String: String] = [:]
        var sections: [(name: String, section: ConfigurationSection)] = []
        for entry in names {
            let variable = ConfigurationReader.variable(path + [name, entry])
            if let other = variables.updateValue(entry, forKey: variable) {
                if other != entry { mapping.report(entry, "and '\(other)' would have the same variables") }
                continue
            }
            guard sections.count < GatewayLimits.configuredCount, Self.isName(entry) else {
                mapping.report(
                    entry, "is no name: letters, digits, '-' and '_', at most \(GatewayLimits.nameBytes)")
                continue
            }
            sections.append((entry, mapping.section(entry)))
        }
        return sections
    }

    /// A mapping from names that are anything to texts or to mappings. In the environment `name=text, name=text`.
    func entries(_ name: String) -> [(name: String, value: ConfigurationNode, origin: ConfigurationSetting.Origin)]? {
        let node = node(name)
        if let (text, origin) = reader.override(path + [name]) {
            return HeaderList.elements(text).map { element in
                let (entry, value) = HeaderList.halves(element, at: UInt8(ascii: "="))
                let content = value.map { ConfigurationNode.Content.text(String(HeaderList.trimmed($0))) } ?? .empty
                return (String(HeaderList.trimmed(entry)), ConfigurationNode(content), origin)
            }
        }
        guard let node, node.content != .empty else { return nil }
        return ConfigurationSection(reader, path: path + [name], node).members.map {
            ($0.name, $0.value, .file(reader.fileName, line: $0.value.line))
        }
    }

    static func isName(_ text: String) -> Bool {
        (1...GatewayLimits.nameBytes).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
