import FoundationEssentials
import GatewayCore
import Yams

/// A configuration file as YAML.
enum ConfigurationFile {
    struct Problem: Error, CustomStringConvertible {
        var description: String

        init(_ description: String) { self.description = description }
    }

    private static let largestBytes = 4 << 20

    /// - Throws: `Problem`.
    static func read(_ path: String) throws(Problem) -> ConfigurationNode? {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw Problem("\(path) cannot be read")
        }
        guard data.count <= largestBytes else { throw Problem("\(path) has more than \(largestBytes) bytes") }
        guard let text = String(validating: data, as: UTF8.self) else { throw Problem("\(path) is not UTF-8") }
        return try parse(text, fileName: path)
    }

    /// - Returns: nil for a file without content.
    /// - Throws: `Problem` with the line.
    static func parse(_ text: String, fileName: String) throws(Problem) -> ConfigurationNode? {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw Problem("\(fileName) is no YAML: \(error)")
        }
        return try root.map { node throws(Problem) in try convert(node, fileName) }
    }

    private static func convert(_ node: Node, _ fileName: String) throws(Problem) -> ConfigurationNode {
        let line = node.mark?.line
        switch node {
        case .scalar(let scalar):
            let isEmpty =
                node.tag == Tag(.null) || (scalar.style == .plain && ["", "~", "null"].contains(scalar.string))
            return ConfigurationNode(isEmpty ? .empty : .text(scalar.string), line: line)
        case .sequence(let sequence):
            var elements: [ConfigurationNode] = []
            for element in sequence { elements.append(try convert(element, fileName)) }
            return ConfigurationNode(.list(elements), line: line)
        case .mapping(let mapping):
            var members: [ConfigurationNode.Member] = []
            for (key, value) in mapping {
                guard case .scalar(let name) = key else {
                    throw Problem("\(fileName):\(key.mark?.line ?? 0) has a key that is no text")
                }
                members.append(.init(name.string, try convert(value, fileName)))
            }
            return ConfigurationNode(.mapping(members), line: line)
        case .alias:
            throw Problem("\(fileName):\(line ?? 0) has an alias, which is not supported")
        }
    }
}
