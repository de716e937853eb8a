/// Reads a text by RFC 8259, to the letter, into nodes. It keeps no recursion: depth costs no stack.
///
/// Two members of one name are refused. OpenAI takes the last one, others take the first; a gateway that decides by one
/// what the upstream answers by the other would share answers between different questions.
struct JSONParser {
    let input: UnsafeBufferPointer<UInt8>
    let limits: JSONLimits
    var position = 0
    private(set) var nodes: [JSONNode] = []
    /// The nodes of the objects and arrays that are open.
    private var containers: [Int] = []

    init(_ input: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.input = input
        self.limits = limits
        nodes.reserveCapacity(min(input.count / 16 + 8, 4_096))
    }

    mutating func parse() throws(JSONError) {
        guard input.count <= limits.bytes else { throw JSONError(.tooLarge, at: limits.bytes) }
        var expectsValue = true
        repeat {
            expectsValue = expectsValue ? try value() : try separator()
        } while expectsValue || !containers.isEmpty
        skipWhiteSpace()
        guard position == input.count else { throw fault(.unexpectedByte) }
    }

    /// Reads a scalar, or the beginning of an object or an array.
    ///
    /// - Returns: whether another value has to follow, as the first in what was opened.
    private mutating func value() throws(JSONError) -> Bool {
        switch try nextByte() {
        case UInt8(ascii: "\""): try string()
        case UInt8(ascii: "{"): return try open(.object)
        case UInt8(ascii: "["): return try open(.array)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
        case UInt8(ascii: "t"): try literal("true", .boolean)
        case UInt8(ascii: "f"): try literal("false", .boolean)
        case UInt8(ascii: "n"): try literal("null", .null)
        default: throw fault(.unexpectedByte)
        }
        return false
    }

    /// Reads what stands after a value in an object or array: a comma, or its end.
    ///
    /// - Returns: whether another value has to follow.
    private mutating func separator() throws(JSONError) -> Bool {
        let byte = try nextByte()
        let isObject = nodes[containers[containers.count - 1]].kind == .object
        if byte == UInt8(ascii: ",") {
            position += 1
            if isObject { try name() }
            return true
        }
        guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw fault(.unexpectedByte) }
        try close()
        return false
    }

    private mutating func open(_ kind: JSONKind) throws(JSONError) -> Bool {
        guard containers.count < limits.depth else { throw fault(.tooDeep) }
        containers.append(nodes.count)
        let start = position
        position += 1
        try append(kind, from: start)
        let byte = try nextByte()
        if byte == (kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
            try close()
            return false
        }
        if kind == .object { try name() }
        return true
    }

    private mutating func close() throws(JSONError) {
        position += 1
        let container = containers.removeLast()
        nodes[container].end = UInt32(position)
        nodes[container].next = UInt32(nodes.count)
        if nodes[container].kind == .object { try checkNames(of: container) }
    }

    /// Reads the name of a member and its colon.
    private mutating func name() throws(JSONError) {
        guard try nextByte() == UInt8(ascii: "\"") else { throw fault(.unexpectedByte) }
        try string()
        guard try nextByte() == UInt8(ascii: ":") else { throw fault(.unexpectedByte) }
        position += 1
    }

    private mutating func literal(_ text: StaticString, _ kind: JSONKind) throws(JSONError) {
        let start = position
        for index in 0..<text.utf8CodeUnitCount {
            guard position < input.count else { throw fault(.unexpectedEnd) }
            guard input[position] == text.utf8Start[index] else { throw fault(.unexpectedByte) }
            position += 1
        }
        try append(kind, from: start)
    }

    private mutating func number() throws(JSONError) {
        let start = position
        if input[position] == UInt8(ascii: "-") { position += 1 }
        if position < input.count, input[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if position < input.count, input[position] == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if position < input.count, input[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < input.count, input[position] == UInt8(ascii: "+") || input[position] == UInt8(ascii: "-") {
                position += 1
            }
            try digits()
        }
        try append(.number, from: start)
    }

    /// Reads one digit or more.
    private mutating func digits() throws(JSONError) {
        let start = position
        while position < input.count, input[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > start else { throw fault(position < input.count ? .invalidNumber : .unexpectedEnd) }
    }

    // MARK: Parts

    mutating func append(_ kind: JSONKind, from start: Int, isEscaped: Bool = false) throws(JSONError) {
        guard nodes.count < limits.values else { throw JSONError(.tooManyValues, at: start) }
        nodes.append(
            JSONNode(
                start: UInt32(start), end: UInt32(position), next: UInt32(nodes.count + 1), kind: kind,
                isEscaped: isEscaped))
    }

    private mutating func skipWhiteSpace() {
        while position < input.count {
            switch input[position] {
            case 0x20, 0x0a, 0x0d, 0x09: position += 1
            default: return
            }
        }
    }

    /// The next byte that is not white space; it is not taken.
    private mutating func nextByte() throws(JSONError) -> UInt8 {
        skipWhiteSpace()
        guard position < input.count else { throw fault(.unexpectedEnd) }
        return input[position]
    }

    func fault(_ reason: JSONError.Reason) -> JSONError { JSONError(reason, at: position) }
}
