/// Where in a webhook's body something is: `unique_id` or `source.table` in the item at hand, `$.metadata.generated_at`
/// from the body's beginning, `$` for the body itself. Names stand between points; a name with a point in it cannot be
/// told.
struct MappingPath: Hashable {
    private let isFromRoot: Bool
    private let names: [String]

    /// - Returns: nil for an empty text, an empty name, or a `$` in another place.
    init?(_ text: some StringProtocol) {
        var parts = Substring(text).utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        isFromRoot = parts.first == "$"
        if isFromRoot { parts.removeFirst() }
        guard isFromRoot || !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && !$0.utf8.contains(UInt8(ascii: "$")) })
        else { return nil }
        names = parts
    }

    /// - Returns: nil when there is no such thing. Null is there.
    func value(in item: JSONView, root: JSONView) -> JSONView? {
        var view = isFromRoot ? root : item
        for name in names {
            guard let next = view[name] else { return nil }
            view = next
        }
        return view
    }

    var text: String { (isFromRoot ? ["$"] + names : names).joined(separator: ".") }
}
