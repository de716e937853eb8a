import ArgumentParser
import CacheModel

/// Reads arguments into the vocabulary's types; what cannot be read is an error of usage.
enum ArgumentText {
    static func duration(_ text: String) throws -> Int64 {
        try usage { () throws(CacheError) in try DurationText.milliseconds(parsing: text) }
    }
    static func byteCount(_ text: String) throws -> Int {
        try usage { () throws(CacheError) in try ByteCountText.bytes(parsing: text) }
    }
    static func dependency(_ text: String) throws -> Dependency {
        try usage { () throws(CacheError) in try DependencyText.parse(text) }
    }
    static func vector(_ text: String) throws -> [Float] {
        try usage { () throws(CacheError) in try VectorText.parse(text) }
    }

    static func scope(_ text: String) throws -> Scope {
        guard let scope = Scope(text) else { throw ValidationError("a scope has up to 32 hexadecimal digits") }
        return scope
    }

    static func key(_ text: String) throws -> ExactKey {
        guard let key = ExactKey(text) else { throw ValidationError("a key has up to 32 hexadecimal digits") }
        return key
    }

    static func lease(_ text: String) throws -> Lease {
        guard let lease = Lease(text) else {
            throw ValidationError(
                "a lease looks like 00c1f3a09b2e7d44:17/5af1c2d3e4b50617, as `semblance lease` prints it")
        }
        return lease
    }

    static func position(_ text: String) throws -> Position {
        guard let position = Position(text) else { throw ValidationError("a position looks like 00c1f3a09b2e7d44:17") }
        return position
    }

    static func incarnation(_ text: String) throws -> UInt64 {
        guard let incarnation = UInt64(hexadecimal: text) else {
            throw ValidationError(
                "an incarnation has up to 16 hexadecimal digits: the part of a position before its colon")
        }
        return incarnation
    }

    static func similarity(_ text: String) throws -> Float {
        guard let similarity = Float(text), (-1...1).contains(similarity) else {
            throw ValidationError("a similarity is a number from -1 through 1")
        }
        return similarity
    }

    static func entry(_ text: String) throws -> EntryIdentifier {
        guard let number = DependencyText.number(text[...]), number > 0 else {
            throw ValidationError("an entry is a number such as lookups and inserts show")
        }
        return EntryIdentifier(number)
    }

    /// Dollars as nano-dollars.
    static func nanodollars(_ text: String) throws -> UInt64 {
        guard let dollars = Double(text), let amount = nanodollars(dollars) else {
            throw ValidationError("a saving is a number of dollars from 0 through a thousand million")
        }
        return amount
    }

    /// - Returns: nil for what is negative, no number, or beyond a thousand million dollars.
    static func nanodollars(_ dollars: Double) -> UInt64? {
        (0...1e9).contains(dollars) ? UInt64((dollars * 1e9).rounded()) : nil
    }

    private static func usage<Value>(_ parse: () throws(CacheError) -> Value) throws -> Value {
        do {
            return try parse()
        } catch {
            throw ValidationError(error.message)
        }
    }
}
