/// A number that stands in every word of an answer, so that a piece of it is known wherever it turns up.
package enum Canary {
    private static let mark = Array("canary-".utf8)
    /// Of the last word.
    private static let lastMark = Array("finch-".utf8)

    package static func words(_ number: Int, count: Int) -> [String] {
        (0..<count).map { "\($0 == 0 ? "" : " ")canary-\(number)." } + [" finch-\(number)."]
    }

    /// - Parameter count: of the words at least, without the last; more if the text is repeated.
    /// - Returns: nil if there are several numbers, or a word is missing.
    package static func number(in body: [UInt8], count: Int = 1) -> Int? {
        let found = numbers(after: mark, in: body)
        let last = numbers(after: lastMark, in: body)
        guard let number = found.first, found.allSatisfy({ $0 == number }), found.count >= count, !last.isEmpty,
            last.allSatisfy({ $0 == number })
        else { return nil }
        return number
    }

    private static func numbers(after mark: [UInt8], in body: [UInt8]) -> [Int] {
        var numbers: [Int] = []
        var index = 0
        while index + mark.count < body.count {
            guard body[index] == mark[0], body[index..<index + mark.count].elementsEqual(mark) else {
                index += 1
                continue
            }
            index += mark.count
            let digits = body[index...].prefix { $0 >= 0x30 && $0 <= 0x39 }
            index += digits.count
            // What is cut off has no point behind it, and is no number of anybody.
            let isWhole = !digits.isEmpty && index < body.count && body[index] == UInt8(ascii: ".")
            numbers.append(isWhole ? digits.reduce(0) { $0 &* 10 &+ Int($1 - 0x30) } : -1)
        }
        return numbers
    }
}
