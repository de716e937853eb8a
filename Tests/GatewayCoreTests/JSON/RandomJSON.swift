/// Random values, and random ways to write the same value as JSON.
struct RandomJSON {
    indirect enum Value: Hashable {
        case object([String: Value])
        case array([Value])
        case string(String)
        /// A number as digits and a power of ten.
        case number(digits: Int, power: Int)
        case boolean(Bool)
        case null
    }

    var generator: Generator

    init(seed: UInt64) { generator = Generator(state: seed) }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    mutating func number(below bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }

    private static let scalars: [Unicode.Scalar] = [
        "a", "b", "Z", "0", " ", "\"", "\\", "/", "\n", "\t", "\u{1}", "\u{7f}", "é", "ß", "\u{301}", "中", "\u{2028}",
        "😀", "\u{10ffff}",
    ]

    mutating func text() -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<number(below: 12) { text.append(Self.scalars[number(below: Self.scalars.count)]) }
        return String(text)
    }

    mutating func value(depth: Int = 4) -> Value {
        switch number(below: depth > 0 ? 7 : 5) {
        case 0: return .string(text())
        case 1: return .number(digits: number(below: 2_000) - 1_000, power: number(below: 9) - 4)
        case 2: return .boolean(number(below: 2) == 0)
        case 3: return .null
        case 4: return .string(text())
        case 5:
            var elements: [Value] = []
            for _ in 0..<number(below: 5) { elements.append(value(depth: depth - 1)) }
            return .array(elements)
        default:
            var members: [String: Value] = [:]
            for _ in 0..<number(below: 6) { members[text()] = value(depth: depth - 1) }
            return .object(members)
        }
    }

    // MARK: Writing

    mutating func write(_ value: Value) -> String { space() + bare(value) + space() }

    private mutating func bare(_ value: Value) -> String {
        switch value {
        case .object(let members):
            var parts: [String] = []
            let names = members.keys.sorted().shuffled(using: &generator)
            for name in names { parts.append(space() + string(name) + space() + ":" + write(members[name] ?? .null)) }
            return "{" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "}"
        case .array(let elements):
            var parts: [String] = []
            for element in elements { parts.append(write(element)) }
            return "[" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "]"
        case .string(let text): return string(text)
        case .number(let digits, let power): return number(digits, power)
        case .boolean(let value): return value ? "true" : "false"
        case .null: return "null"
        }
    }

    private mutating func space() -> String {
        number(below: 3) > 0 ? "" : [" ", "\n", "\t", "\r\n", "  \t "][number(below: 5)]
    }

    private mutating func number(_ digits: Int, _ power: Int) -> String {
        // Zeros at the end move between digits and power; a zero at a negative power may be a fraction.
        let zeros = number(below: 3)
        let text = String(digits) + String(repeating: "0", count: digits == 0 ? 0 : zeros)
        let rest = digits == 0 ? 0 : power - zeros
        switch number(below: 3) {
        case 0 where rest == 0: return text
        case 1 where rest == 0: return text + ".000"
        case 2 where rest > 0: return text + String(repeating: "0", count: digits == 0 ? 0 : rest)
        default:
            return text + ["e", "E"][number(below: 2)] + (rest < 0 ? "" : ["", "+"][number(below: 2)]) + String(rest)
        }
    }

    mutating func string(_ text: String) -> String {
        var written = "\""
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            guard mustEscape || number(below: 4) == 0 else {
                written.unicodeScalars.append(scalar)
                continue
            }
            let short: [Unicode.Scalar: String] = [
                "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\u{8}": "\\b",
                "\u{c}": "\\f",
            ]
            if let escape = short[scalar], number(below: 2) == 0 {
                written += escape
            } else {
                for unit in String(scalar).utf16 { written += "\\u" + hexadecimal(unit) }
            }
        }
        return written + "\""
    }

    private mutating func hexadecimal(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16, uppercase: number(below: 2) == 0)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }
}
