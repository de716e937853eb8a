package import NIOCore

/// How much of its time an event loop may spend on searches of its own, which are quicker than those that are handed
/// over. A plain value.
///
/// Beyond that, what its connections send would wait in their sockets, where nobody sees it and nobody can be told that
/// there is too much.
package struct InlineBudget: Hashable, Sendable {
    /// One part in so many.
    package static let share: Int64 = 4
    /// What may be spent at once after a rest.
    package static let most = TimeAmount.microseconds(500)

    private var credit = Self.most
    private var creditedAt = NIODeadline.distantPast

    package init() {}

    package mutating func allows(now: NIODeadline) -> Bool {
        let earned = TimeAmount.nanoseconds(min(Self.most.nanoseconds, (now - creditedAt).nanoseconds / Self.share))
        credit = min(Self.most, credit + earned)
        creditedAt = now
        return credit > .zero
    }

    package mutating func spend(_ time: TimeAmount) { credit = credit - time }
}
