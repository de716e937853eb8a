@testable import GatewayCore

/// Trees as a reader of files would make them: keys in their order, each on a line of its own.
enum ConfigurationTree {
    /// Lines such as `cache.address: host:1`; values in brackets are lists, names in paths have no points.
    static func node(_ lines: [String]) -> ConfigurationNode {
        var root = ConfigurationNode(.mapping([]), line: 1)
        for (index, line) in lines.enumerated() {
            let (path, value) = HeaderList.halves(line[...], at: UInt8(ascii: ":"))
            let text = String(HeaderList.trimmed(value ?? ""))
            var node = ConfigurationNode(text.isEmpty ? .empty : .text(text), line: index + 1)
            if text.hasPrefix("[") {
                let elements = HeaderList.elements(text.dropFirst().dropLast())
                node.content = .list(elements.map { ConfigurationNode(.text(String($0)), line: index + 1) })
            }
            insert(node, at: path.split(separator: ".").map { String($0) }[...], into: &root)
        }
        return root
    }

    private static func insert(
        _ node: ConfigurationNode, at path: ArraySlice<String>, into parent: inout ConfigurationNode
    ) {
        guard case .mapping(var members) = parent.content, let name = path.first else { return }
        if path.count == 1 {
            members.append(.init(name, node))
        } else {
            let index = members.firstIndex { $0.name == name } ?? members.count
            if index == members.count { members.append(.init(name, ConfigurationNode(.mapping([]), line: node.line))) }
            insert(node, at: path.dropFirst(), into: &members[index].value)
        }
        parent.content = .mapping(members)
    }
}
