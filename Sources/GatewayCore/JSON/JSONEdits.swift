/// Changes to a document that leave every other byte as it was.
///
/// An edit inside of a value that another edit replaces or removes has no effect.
package struct JSONEdits {
    private let document: JSONDocument
    private var replacements: [(range: Range<Int>, bytes: [UInt8])] = []
    /// Value nodes of removed members, by the object that they are in.
    private var removals: [Int: Set<Int>] = [:]
    /// Names and values, by the object that they are added to.
    private var additions: [Int: [(name: String, value: [UInt8])]] = [:]

    package init(_ document: JSONDocument) { self.document = document }

    package var isEmpty: Bool { replacements.isEmpty && removals.isEmpty && additions.isEmpty }

    /// Puts other JSON in the place of a value of the document.
    package mutating func replace(_ value: JSONView, with bytes: [UInt8]) {
        replacements.append((document.nodes[value.node].range, bytes))
    }

    /// Replaces the value of a member, or adds the member after all others. Nothing happens to what is no object.
    package mutating func setMember(_ name: String, of object: JSONView, to bytes: [UInt8]) {
        if let value = object[name] {
            replace(value, with: bytes)
        } else if object.kind == .object {
            additions[object.node, default: []].append((name, bytes))
        }
    }

    /// Removes a member, if there is one of this name.
    package mutating func removeMember(_ name: String, of object: JSONView) {
        guard let value = document.member(name, of: object.node) else { return }
        removals[object.node, default: []].insert(value)
    }

    /// Removes all members whose names are to go.
    package mutating func removeMembers(of object: JSONView, where isUnwanted: (String) -> Bool) {
        for (name, value) in object.members where isUnwanted(name) {
            removals[object.node, default: []].insert(value.node)
        }
    }

    /// The text with all edits made.
    package func apply() -> [UInt8] {
        var splices = replacements
        for (object, removed) in removals { splices += cuts(removed, of: object) }
        for (object, added) in additions { splices.append(insertion(of: added, into: object)) }
        // An insertion stands where the removal of the last member ends: the one that begins earlier comes first.
        splices.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }

        let bytes = document.bytes
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + splices.reduce(0) { $0 + $1.bytes.count })
        var position = 0
        for (range, replacement) in splices where range.lowerBound >= position {
            result += bytes[position..<range.lowerBound]
            result += replacement
            position = range.upperBound
        }
        result += bytes[position...]
        return result
    }

    /// What to cut out for members to vanish with one comma each.
    private func cuts(_ removed: Set<Int>, of object: Int) -> [(range: Range<Int>, bytes: [UInt8])] {
        let names = Array(document.children(of: object))
        func nameStart(_ index: Int) -> Int { document.nodes[names[index]].range.lowerBound }
        func valueEnd(_ index: Int) -> Int { document.nodes[names[index] + 1].range.upperBound }
        guard let firstKept = names.firstIndex(where: { !removed.contains($0 + 1) }) else {
            return [(nameStart(0)..<valueEnd(names.count - 1), [])]
        }
        var cuts: [(range: Range<Int>, bytes: [UInt8])] = []
        if firstKept > 0 { cuts.append((nameStart(0)..<nameStart(firstKept), [])) }
        for index in names.indices[firstKept...] where removed.contains(names[index] + 1) {
            cuts.append((valueEnd(index - 1)..<valueEnd(index), []))
        }
        return cuts
    }

    private func insertion(
        of members: [(name: String, value: [UInt8])], into object: Int
    ) -> (range: Range<Int>, bytes: [UInt8]) {
        let names = Array(document.children(of: object))
        let removed = removals[object] ?? []
        let end = names.last.map { document.nodes[$0 + 1].range.upperBound }
        let position = end ?? document.nodes[object].range.lowerBound + 1
        var needsComma = names.contains { !removed.contains($0 + 1) }
        var bytes: [UInt8] = []
        for (name, value) in members {
            if needsComma { bytes.append(UInt8(ascii: ",")) }
            needsComma = true
            var writer = JSONWriter()
            writer.string(name)
            bytes += writer.bytes + [UInt8(ascii: ":")] + value
        }
        return (position..<position, bytes)
    }
}
