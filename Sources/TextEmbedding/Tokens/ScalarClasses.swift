/// What the tokenizer does with each Unicode scalar: drop it, take it for a space, fold case and accents, set it apart.
///
/// The tables are read off the original tokenizer, scalar by scalar, so that texts have the same tokens on every machine,
/// whatever Unicode version its libraries know. The original takes categories from Unicode 8 and foldings from a newer
/// version; by the properties of Swift 6.3's standard library, which are those of Unicode 17, 660 scalars would be treated
/// otherwise: 514 newer marks and format characters dropped, 141 newer signs taken for punctuation, and five more.
///
/// Folding is what the original makes of one scalar alone; combining marks that it would put in another order are dropped
/// by it, or unknown to every vocabulary.
struct ScalarClasses: Sendable {
    enum Action: Equatable {
        case keep
        case drop
        case space
        /// A character of its own, and what it folds to.
        case apart
        case replace
    }

    static let shared = ScalarClasses(ScalarTables.self)

    private static let pageBits = 8
    private static let pageSize = 1 << pageBits
    private static let scalarLimit: UInt32 = 0x11_0000

    // Bits of an entry: 0-2 the action, 3 punctuation, 4-7 how many scalars replace it, 8 and up where they stand.
    private var pageIndices: [UInt16]
    private var pages: [UInt32]
    private var replacements: [UInt32] = []

    private init(_ tables: ScalarTables.Type) {
        pageIndices = Array(repeating: 0, count: Int(Self.scalarLimit) >> Self.pageBits)
        pages = Array(repeating: 0, count: Self.pageSize)
        for range in Self.ranges(tables.dropped) { for scalar in range { self[scalar] = 1 } }
        for range in Self.ranges(tables.spaces) { for scalar in range { self[scalar] = 2 } }
        for range in Self.ranges(tables.apart) { for scalar in range { self[scalar] = 3 } }
        for (range, folded) in Self.foldings(tables.folded) {
            for scalar in range {
                let offset = UInt32(replacements.count)
                // A run folds to a run; several scalars stand for one scalar only.
                replacements += folded.count == 1 ? [folded[0] + (scalar - range.lowerBound)] : folded
                let action: UInt32 = self[scalar] & 7 == 3 ? 3 : 4
                self[scalar] = action | UInt32(folded.count) << 4 | offset << 8
            }
        }
        for range in Self.ranges(tables.punctuation) { for scalar in range { self[scalar] |= 8 } }
    }

    private subscript(scalar: UInt32) -> UInt32 {
        get { pages[Int(pageIndices[Int(scalar) >> Self.pageBits]) << Self.pageBits + Int(scalar) % Self.pageSize] }
        set {
            let page = Int(scalar) >> Self.pageBits
            if pageIndices[page] == 0 {
                pageIndices[page] = UInt16(pages.count >> Self.pageBits)
                pages += Array(repeating: 0, count: Self.pageSize)
            }
            pages[Int(pageIndices[page]) << Self.pageBits + Int(scalar) % Self.pageSize] = newValue
        }
    }

    /// Whether a scalar, folded already, is a word of its own.
    func isPunctuation(_ scalar: UInt32) -> Bool { self[scalar] & 8 != 0 }

    func action(_ scalar: UInt32) -> Action {
        switch self[scalar] & 7 {
        case 1: .drop
        case 2: .space
        case 3: .apart
        case 4: .replace
        default: Self.isHangulSyllable(scalar) ? .replace : .keep
        }
    }

    /// How many scalars replace one with the action `apart` or `replace`.
    func foldedCount(_ scalar: UInt32) -> Int {
        let count = Int(self[scalar] >> 4 & 15)
        if count > 0 { return count }
        return Self.isHangulSyllable(scalar) && (scalar - 0xac00) % 28 > 0 ? 3 : Self.isHangulSyllable(scalar) ? 2 : 1
    }

    /// One of them.
    func folded(_ scalar: UInt32, _ index: Int) -> UInt32 {
        let entry = self[scalar]
        if entry >> 4 & 15 > 0 { return replacements[Int(entry >> 8) + index] }
        guard Self.isHangulSyllable(scalar) else { return scalar }
        // The Unicode Standard, section 3.12.
        let syllable = scalar - 0xac00
        switch index {
        case 0: return 0x1100 + syllable / 588
        case 1: return 0x1161 + syllable % 588 / 28
        default: return 0x11a7 + syllable % 28
        }
    }

    private static func isHangulSyllable(_ scalar: UInt32) -> Bool { 0xac00...0xd7a3 ~= scalar }

    // MARK: Reading the tables

    /// `A-B` or `A`, in hexadecimal, separated by spaces.
    private static func ranges(_ table: String) -> [ClosedRange<UInt32>] { words(table).compactMap { range($0) } }

    /// `RANGE>SCALAR,SCALAR...`
    private static func foldings(_ table: String) -> [(ClosedRange<UInt32>, [UInt32])] {
        words(table).compactMap { word in
            let sides = word.split(separator: ">")
            guard sides.count == 2, let range = range(sides[0]) else { return nil }
            return (range, sides[1].split(separator: ",").compactMap { UInt32($0, radix: 16) })
        }
    }

    private static func words(_ table: String) -> [Substring] { table.split { $0 == " " || $0 == "\n" } }

    private static func range(_ word: Substring) -> ClosedRange<UInt32>? {
        let ends = word.split(separator: "-").compactMap { UInt32($0, radix: 16) }
        guard let first = ends.first, let last = ends.last, first <= last, last < scalarLimit else { return nil }
        return first...last
    }
}
