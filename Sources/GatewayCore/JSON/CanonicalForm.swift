/// Takes the bytes of a canonical form.
protocol CanonicalSink {
    mutating func append(_ byte: UInt8)
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>)
}

extension [UInt8]: CanonicalSink {
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) { append(contentsOf: bytes) }
}

/// One text for all ways to write a document: members sorted by the UTF-8 of their names, no white space, strings with
/// as few escapes as there can be, numbers as whole digits and a power of ten (`CanonicalNumber`).
///
/// Names and strings are compared as they are: composed and decomposed letters differ.
struct CanonicalForm {
    let document: JSONDocument
    /// Values of members that are left out together with their names.
    var omitted: Set<Int> = []
    /// Values in whose place only a mark is written.
    var holes: Set<Int> = []

    /// Stands for a hole: no JSON text has this byte.
    static let hole: UInt8 = 0

    func write<Sink: CanonicalSink>(_ node: Int = 0, to sink: inout Sink) {
        document.bytes.withUnsafeBufferPointer { write(node, of: $0, to: &sink) }
    }

    private func write<Sink: CanonicalSink>(
        _ index: Int, of bytes: UnsafeBufferPointer<UInt8>, to sink: inout Sink
    ) {
        guard holes.isEmpty || !holes.contains(index) else { return sink.append(Self.hole) }
        let node = document.nodes[index]
        switch node.kind {
        case .object: writeObject(index, of: bytes, to: &sink)
        case .array:
            sink.append(UInt8(ascii: "["))
            var isFirst = true
            for element in document.children(of: index) {
                if !isFirst { sink.append(UInt8(ascii: ",")) }
                isFirst = false
                write(element, of: bytes, to: &sink)
            }
            sink.append(UInt8(ascii: "]"))
        case .string: writeString(node, of: bytes, to: &sink)
        case .number: CanonicalNumber(bytes[node.range]).write(to: &sink)
        case .boolean, .null: sink.append(UnsafeBufferPointer(rebasing: bytes[node.range]))
        }
    }

    private func writeObject<Sink: CanonicalSink>(
        _ index: Int, of bytes: UnsafeBufferPointer<UInt8>, to sink: inout Sink
    ) {
        var names = Array(document.children(of: index))
        if !omitted.isEmpty { names.removeAll { omitted.contains($0 + 1) } }
        if names.contains(where: { document.nodes[$0].isEscaped }) {
            let decoded = names.map { (name: $0, text: document.text(of: $0)) }
            names = decoded.sorted { $0.text.lexicographicallyPrecedes($1.text) }.map(\.name)
        } else {
            names.sort {
                bytes[document.nodes[$0].content].lexicographicallyPrecedes(bytes[document.nodes[$1].content])
            }
        }
        sink.append(UInt8(ascii: "{"))
        for (position, name) in names.enumerated() {
            if position > 0 { sink.append(UInt8(ascii: ",")) }
            writeString(document.nodes[name], of: bytes, to: &sink)
            sink.append(UInt8(ascii: ":"))
            write(name + 1, of: bytes, to: &sink)
        }
        sink.append(UInt8(ascii: "}"))
    }

    private func writeString<Sink: CanonicalSink>(
        _ node: JSONNode, of bytes: UnsafeBufferPointer<UInt8>, to sink: inout Sink
    ) {
        // Without escapes the text has none of the characters that need one.
        guard node.isEscaped else { return sink.append(UnsafeBufferPointer(rebasing: bytes[node.range])) }
        let text = JSONString.decode(UnsafeBufferPointer(rebasing: bytes[node.content]))
        var string: [UInt8] = []
        text.withUnsafeBufferPointer { JSONString.append($0, to: &string) }
        string.withUnsafeBufferPointer { sink.append($0) }
    }
}

/// A number as `-12e3`: its digits without zeros at either end, and the power of ten. Equal numbers have one form,
/// however they are written and however many digits they have: `1`, `1.0`, `10e-1`; both zeros are `0`.
struct CanonicalNumber {
    private let text: Slice<UnsafeBufferPointer<UInt8>>

    init(_ text: Slice<UnsafeBufferPointer<UInt8>>) { self.text = text }

    /// An exponent of more digits is not computed with: such a number is written as it stands.
    private static let exponentDigits = 9

    func write<Sink: CanonicalSink>(to sink: inout Sink) {
        var digits: [UInt8] = []
        var exponent = 0
        var rest = text
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        let mantissa = rest.prefix { $0 | 0x20 != UInt8(ascii: "e") }
        var isFraction = false
        for byte in mantissa {
            guard byte != UInt8(ascii: ".") else {
                isFraction = true
                continue
            }
            if isFraction { exponent -= 1 }
            if byte != UInt8(ascii: "0") || !digits.isEmpty { digits.append(byte) }
        }
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        guard !digits.isEmpty else { return sink.append(UInt8(ascii: "0")) }
        var power = rest.dropFirst(mantissa.count + 1)
        if power.first == UInt8(ascii: "+") { power = power.dropFirst() }
        if !power.isEmpty {
            guard power.count <= Self.exponentDigits, let value = Int(String(decoding: power, as: UTF8.self)) else {
                return sink.append(UnsafeBufferPointer(rebasing: text))
            }
            exponent += value
        }
        if isNegative { sink.append(UInt8(ascii: "-")) }
        digits.withUnsafeBufferPointer { sink.append($0) }
        sink.append(UInt8(ascii: "e"))
        Array(String(exponent).utf8).withUnsafeBufferPointer { sink.append($0) }
    }
}
