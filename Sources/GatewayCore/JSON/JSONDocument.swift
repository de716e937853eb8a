/// A JSON text that has been checked, and where in it every value is.
///
/// Nothing is decoded or copied until it is asked for, so what the gateway does not know passes through byte for byte.
package struct JSONDocument: Sendable {
    package let bytes: [UInt8]
    /// The root is the first.
    let nodes: [JSONNode]

    package init(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) {
        nodes = try bytes.withUnsafeBufferPointer { (input) throws(JSONError) -> [JSONNode] in
            var parser = JSONParser(input, limits: limits)
            try parser.parse()
            return parser.nodes
        }
        self.bytes = bytes
    }

    package init(_ text: String, limits: JSONLimits = .request) throws(JSONError) {
        try self.init(Array(text.utf8), limits: limits)
    }

    private init(bytes: [UInt8], nodes: [JSONNode]) {
        self.bytes = bytes
        self.nodes = nodes
    }

    /// `{}`
    package static let empty = JSONDocument(
        bytes: Array("{}".utf8), nodes: [JSONNode(start: 0, end: 2, next: 1, kind: .object)])

    package var root: JSONView { JSONView(document: self, node: 0) }

    // MARK: Nodes

    /// The nodes of an object's member names, or of an array's elements, in their order; empty for other kinds.
    func children(of node: Int) -> JSONChildren {
        switch nodes[node].kind {
        case .object: JSONChildren(nodes: nodes, position: node + 1, end: Int(nodes[node].next), isObject: true)
        case .array: JSONChildren(nodes: nodes, position: node + 1, end: Int(nodes[node].next), isObject: false)
        default: JSONChildren(nodes: nodes, position: 0, end: 0, isObject: false)
        }
    }

    /// The node of a member's value; nil when there is none of this name, or the node is no object.
    func member(_ name: String, of object: Int) -> Int? {
        guard nodes[object].kind == .object else { return nil }
        var text = name
        return text.withUTF8 { wanted in
            for name in children(of: object) where isText(of: name, wanted) { return name + 1 }
            return nil
        }
    }

    /// The UTF-8 that a string stands for.
    func text(of node: Int) -> [UInt8] {
        let content = nodes[node].content
        guard nodes[node].isEscaped else { return Array(bytes[content]) }
        return bytes.withUnsafeBufferPointer { JSONString.decode(UnsafeBufferPointer(rebasing: $0[content])) }
    }

    func string(of node: Int) -> String {
        guard nodes[node].isEscaped else { return String(decoding: bytes[nodes[node].content], as: UTF8.self) }
        return String(decoding: text(of: node), as: UTF8.self)
    }

    private func isText(of node: Int, _ wanted: UnsafeBufferPointer<UInt8>) -> Bool {
        let content = nodes[node].content
        if nodes[node].isEscaped {
            // An escape makes at most six bytes of one.
            let lengths = wanted.count...6 * wanted.count
            return lengths.contains(content.count) && text(of: node).elementsEqual(wanted)
        }
        return content.count == wanted.count && bytes[content].elementsEqual(wanted)
    }

    /// How one would write the way from the root to a node: `messages[0].content`. Empty for the root.
    func path(to target: Int) -> String {
        var path = ""
        var node = 0
        while node != target {
            let isObject = nodes[node].kind == .object
            var isFound = false
            for (index, child) in children(of: node).enumerated() {
                let value = isObject ? child + 1 : child
                guard target >= child, target < Int(nodes[value].next) else { continue }
                if isObject {
                    path += (path.isEmpty ? "" : ".") + string(of: child)
                } else {
                    path += "[\(index)]"
                }
                // A name is spoken of as its member.
                node = target == child ? target : value
                isFound = true
                break
            }
            guard isFound else { break }
        }
        return path
    }
}

/// Walks over the members' names of an object, each right before its value, or over the elements of an array.
struct JSONChildren: Sequence, IteratorProtocol {
    let nodes: [JSONNode]
    var position: Int
    let end: Int
    let isObject: Bool

    mutating func next() -> Int? {
        guard position < end else { return nil }
        defer { position = Int(nodes[isObject ? position + 1 : position].next) }
        return position
    }
}
