import CacheModel
import SemblanceClient

/// What a load was, and what came of it.
struct BenchResult: Sendable {
    let settings: BenchSettings
    let material: BenchMaterial
    let address: ServiceAddress
    var serverVersion = ""
    /// Of the namespace when the load began.
    var entryCount = 0
    /// The rows that were inserted before; nil when none were to be.
    var load: BenchLoader.Outcome?
    var pipelineLimit = 0
    var threadCount = 0
    /// Round trips of pings, one after the other on an idle connection.
    var ping = BenchHistogram()
    /// The first worker's; nil for a closed loop.
    var timetable: BenchTimetable?
    var tally = BenchTally()
    var isInterrupted = false

    init(settings: BenchSettings, material: BenchMaterial, address: ServiceAddress) {
        self.settings = settings
        self.material = material
        self.address = address
    }

    /// Nil for a closed loop, which keeps whatever rate comes of it.
    var isRateKept: Bool? { timetable.map { tally.behindNanoseconds <= $0.toleranceNanoseconds } }

    /// Whether there are figures at all.
    var isMeasured: Bool { load?.isInterrupted != true }

    /// Whether no connection was left at the end.
    var areConnectionsLost: Bool { tally.lostConnectionCount >= settings.connectionCount }

    /// Queries that were to be looked up once and were not.
    var forgottenQueryCount: Int { settings.isOnce ? material.lookups.count - tally[.lookup].sentCount : 0 }

    /// Whether requests were late for want of replies, and not because the generator was.
    var wasServiceBehind: Bool { tally.blockedNanoseconds >= tally.behindNanoseconds / 2 }

    /// Whether the figures are those of a load that went as it was meant to.
    var isSound: Bool {
        isMeasured && tally.errorCount == 0 && tally.lostConnectionCount == 0 && isRateKept != false
            && (tally.unansweredCount == 0 || isInterrupted)
    }

    func perSecond(_ count: Int) -> Double {
        tally.elapsedNanoseconds > 0 ? Double(count) * 1e9 / Double(tally.elapsedNanoseconds) : 0
    }
}
