internal import HeapModule

/// The entries that stand lowest in an order, as many as give the room that is wanted. It is fed candidates in any order, and most of
/// them cost one comparison.
struct VictimSelection {
    private struct Candidate: Comparable {
        var rank: Double
        var position: Int
        var room: Int

        static func < (one: Candidate, other: Candidate) -> Bool { one.rank < other.rank }
        static func == (one: Candidate, other: Candidate) -> Bool { one.rank == other.rank }
    }

    private var lowest = Heap<Candidate>()
    private var room = 0
    private let wantedRoom: Int
    private let countLimit: Int

    /// - Parameters:
    ///   - wantedRoom: Entries or bytes, in the unit of the candidates' room.
    ///   - countLimit: Entries that are chosen at most, at least 1.
    init(wantedRoom: Int, countLimit: Int) {
        self.wantedRoom = wantedRoom
        self.countLimit = max(1, countLimit)
    }

    mutating func offer(_ position: Int, rank: Double, room candidateRoom: Int) {
        if room >= wantedRoom || lowest.count == countLimit, let highest = lowest.max, rank >= highest.rank { return }
        lowest.insert(Candidate(rank: rank, position: position, room: candidateRoom))
        room += candidateRoom
        while let highest = lowest.max, lowest.count > countLimit || room - highest.room >= wantedRoom {
            lowest.removeMax()
            room -= highest.room
        }
    }

    var positions: [Int] { lowest.unordered.map(\.position) }
}
