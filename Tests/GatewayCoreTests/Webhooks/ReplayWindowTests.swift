import CacheModel
import Testing

@testable import GatewayCore

@Suite struct ReplayWindowTests {
    private static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test func whatWasCarriedOutIsNotCarriedOutAgain() {
        var window = ReplayWindow(lifetimeMilliseconds: 1_000)
        #expect(window.begin("a", at: Self.at(0)) == .new)
        #expect(window.begin("a", at: Self.at(1)) == .inProgress)
        window.finish("a")
        #expect(window.begin("a", at: Self.at(999)) == .done)
        window.abandon("a")
        #expect(window.begin("a", at: Self.at(999)) == .done)
        #expect(window.begin("a", at: Self.at(1_000)) == .new)
    }

    @Test func whatFailedMayComeAgainAtOnce() {
        var window = ReplayWindow(lifetimeMilliseconds: 1_000)
        #expect(window.begin("a", at: Self.at(0)) == .new)
        window.abandon("a")
        #expect(window.begin("a", at: Self.at(500)) == .new)
        window.finish("a")
        // The first time leaves the window, the second is remembered for its full time.
        #expect(window.begin("b", at: Self.at(1_200)) == .new)
        #expect(window.begin("a", at: Self.at(1_200)) == .done)
        #expect(window.begin("a", at: Self.at(1_500)) == .new)
    }

    @Test func theOldestMakeRoom() {
        var window = ReplayWindow(countLimit: 2, lifetimeMilliseconds: 1_000)
        for (index, name) in ["a", "b", "c"].enumerated() {
            #expect(window.begin(name, at: Self.at(Int64(index))) == .new)
            window.finish(name)
        }
        #expect(window.count == 2)
        #expect(window.begin("b", at: Self.at(3)) == .done)
        #expect(window.begin("a", at: Self.at(3)) == .new)
    }

    @Test func identifiersAreComparedByteByByte() {
        var window = ReplayWindow()
        #expect(window.begin("\u{e9}", at: Self.at(0)) == .new)
        #expect(window.begin("e\u{301}", at: Self.at(0)) == .new)
    }

    @Test func itStaysWithinItsBoundsWhateverComes() {
        var generator = SeededGenerator(seed: 23)
        var window = ReplayWindow(countLimit: 50, lifetimeMilliseconds: 1_000)
        var done: [String: Int64] = [:]
        var now: Int64 = 0
        for _ in 0..<50_000 {
            now += Int64.random(in: 0...60, using: &generator)
            let name = "m\(Int.random(in: 0..<40, using: &generator))"
            switch window.begin(name, at: Self.at(now)) {
            case .new:
                #expect(done[name].map { now - $0 >= 1_000 } ?? true)
                done[name] = nil
                if Bool.random(using: &generator) {
                    window.finish(name)
                    done[name] = now
                } else {
                    window.abandon(name)
                }
            case .done: #expect(done[name].map { now - $0 < 1_000 } == true)
            case .inProgress: Issue.record("each is finished or abandoned")
            }
            #expect(window.count <= 50)
        }
    }
}
