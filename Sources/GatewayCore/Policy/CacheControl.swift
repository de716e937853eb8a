/// What a request's standard `Cache-Control` asks for. Directives that are not listed here are passed over, as HTTP has
/// it.
package struct CacheControl: Hashable, Sendable {
    /// Do not answer from the cache; the new answer is stored.
    package var noCache = false
    /// Do not keep anything of this request or its answer.
    package var noStore = false
    /// Answer from the cache or not at all.
    package var onlyIfCached = false
    /// Stored answers that are older do not count.
    package var maximumAgeSeconds: Int64?

    package init() {}

    /// Whether a stored answer may be given.
    package var allowsStoredAnswers: Bool { !noCache && maximumAgeSeconds != 0 }

    /// - Parameter lines: the values of all `Cache-Control` lines.
    /// - Throws: `invalid_header` for a `max-age` that is no number of seconds.
    package init(lines: [String]) throws(GatewayError) {
        for directive in HeaderList.elements(lines.joined(separator: ",")) {
            let (name, value) = HeaderList.halves(directive, at: UInt8(ascii: "="))
            switch HeaderList.trimmed(name).lowercased() {
            case "no-cache": noCache = true
            case "no-store": noStore = true
            case "only-if-cached": onlyIfCached = true
            case "max-age":
                guard let seconds = value.flatMap(Self.seconds) else {
                    throw GatewayError(
                        .invalidHeader, "cache-control: max-age needs whole seconds, such as max-age=60.",
                        parameter: "cache-control")
                }
                // The strictest of several is the one that keeps all of them.
                maximumAgeSeconds = min(maximumAgeSeconds ?? seconds, seconds)
            default: break
            }
        }
    }

    /// Digits, in quotes if one likes. A number too large to matter counts as the largest.
    private static func seconds(_ text: Substring) -> Int64? {
        var digits = HeaderList.trimmed(text).utf8
        let quote = UInt8(ascii: "\"")
        if digits.count >= 2, digits.first == quote, digits.last == quote { digits = digits.dropFirst().dropLast() }
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return min(Int64(String(Substring(digits))) ?? largestSeconds, largestSeconds)
    }

    /// As HTTP has it: 2^31.
    private static let largestSeconds: Int64 = 1 << 31
}
