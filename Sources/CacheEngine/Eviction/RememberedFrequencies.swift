/// How often entries were asked for that are gone: one that comes back does not begin anew.
///
/// A table of places that fingerprints fall into; of two in one place the more frequent stays. What is lost, or what two
/// fingerprints share, makes an estimate worse and nothing wrong.
struct RememberedFrequencies: Sendable {
    private struct Place {
        var fingerprint: UInt64 = 0
        var lastAccess: UInt64 = 0
        var frequency: Float = 0
    }

    private var places: [Place] = []
    private static let leastCount = 1_024
    /// 96 MiB.
    private static let mostCount = 1 << 22

    /// Makes about two places for each entry that is kept.
    private mutating func grow(for entryCount: Int) {
        var count = max(places.count, Self.leastCount)
        while count < 2 * entryCount, count < Self.mostCount { count *= 2 }
        guard count > places.count else { return }
        let old = places
        places = [Place](repeating: Place(), count: count)
        for place in old where place.frequency > 0 { places[index(place.fingerprint)] = place }
    }

    private func index(_ fingerprint: UInt64) -> Int {
        Int(truncatingIfNeeded: fingerprint & UInt64(places.count - 1))
    }

    mutating func remember(
        _ fingerprint: UInt64, _ usage: EntryUsage, entryCount: Int, at clock: UInt64, halfLife: Double
    ) {
        grow(for: entryCount)
        let index = index(fingerprint)
        let other = places[index]
        if other.frequency > 0, other.fingerprint != fingerprint {
            let kept = EntryUsage.decayed(other.frequency, from: other.lastAccess, to: clock, halfLife: halfLife)
            let new = EntryUsage.decayed(usage.frequency, from: usage.lastAccess, to: clock, halfLife: halfLife)
            if kept > new { return }
        }
        places[index] = Place(fingerprint: fingerprint, lastAccess: usage.lastAccess, frequency: usage.frequency)
    }

    /// - Returns: what is left of the frequency by now; 0 for what is not known.
    func frequency(_ fingerprint: UInt64, at clock: UInt64, halfLife: Double) -> Float {
        guard !places.isEmpty else { return 0 }
        let place = places[index(fingerprint)]
        guard place.fingerprint == fingerprint else { return 0 }
        return EntryUsage.decayed(place.frequency, from: place.lastAccess, to: clock, halfLife: halfLife)
    }
}
