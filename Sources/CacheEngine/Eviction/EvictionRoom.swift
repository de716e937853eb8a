package import CacheModel

/// How much room is made at once, in entries or bytes: more than the entry at hand needs, so that the next ones find some. To look for
/// what is worth least and to take it out costs much less for many entries together than for each by itself.
package struct EvictionRoom: Hashable, Sendable {
    /// Without it the limit does not hold.
    package var needed: Int
    /// At least what is needed.
    package var wanted: Int

    /// Of a limit, the part that is left free after room was made: a 64th, which for a small limit is nothing.
    private static let share = 64

    package init(needed: Int, wanted: Int) {
        self.needed = needed
        self.wanted = wanted
    }

    /// Nil while all fits.
    ///
    /// - Parameters:
    ///   - held: Entries or bytes that are there.
    ///   - added: Those of the entry that needs room.
    ///   - perEntry: What an entry takes on average, in the same unit.
    package init?(held: Int, adding added: Int, limit: Int, perEntry: Int) {
        needed = held + added - limit
        guard needed > 0 else { return nil }
        wanted = needed + min(limit / Self.share, Limits.evictionsAhead * max(1, perEntry))
    }
}
