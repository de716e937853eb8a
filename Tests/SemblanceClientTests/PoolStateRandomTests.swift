import NIOCore
import Testing

@testable import SemblanceClient

struct PoolStateRandomTests {
    /// Random steps: every request is finished without being sent, or sent once on an open connection with room for it.
    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func everyRequestGoesExactlyOneWay(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pool = PoolHarness(seed: seed)
        var now = 0
        var undecided: [UInt64: TestCall] = [:]
        var inFlight: [Int: [TestCall]] = [:]
        var connecting: Set<Int> = []

        func perform(_ actions: PoolHarness.Actions) {
            for (call, connection) in actions.sends {
                #expect(undecided.removeValue(forKey: call.number) != nil)
                inFlight[connection]?.append(call)
                let calls = inFlight[connection] ?? []
                #expect(calls.contains(call) && calls.count <= 3)
                #expect(calls.count == 1 || calls.reduce(0) { $0 + $1.frameBytes } <= 1_000)
            }
            for (call, _) in actions.finishes { #expect(undecided.removeValue(forKey: call.number) != nil) }
            for (number, connection) in actions.abandons {
                #expect(inFlight[connection]?.contains { $0.number == number } == true)
            }
            connecting.formUnion(actions.opens)
            #expect(connecting.count + inFlight.count <= 4)
        }

        for number in 1...600 as ClosedRange<UInt64> {
            now += Int.random(in: 0...4, using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<5:
                let call = TestCall(
                    number: number, frameBytes: Int.random(in: 20...600, using: &random),
                    deadline: .at(now + Int.random(in: 0...80, using: &random)))
                undecided[number] = call
                perform(pool.submit(call, at: now))
            case 5, 6:
                guard let (connection, calls) = inFlight.randomElement(using: &random), !calls.isEmpty else { continue }
                let count = Int.random(in: 1...calls.count, using: &random)
                inFlight[connection] = Array(calls[count...])
                perform(pool.release(connection, Array(calls[..<count]), at: now))
            case 7, 8:
                guard let connection = connecting.randomElement(using: &random) else { continue }
                connecting.remove(connection)
                if Bool.random(using: &random) {
                    inFlight[connection] = []
                    perform(pool.open(connection, at: now))
                } else {
                    perform(pool.close(connection, at: now))
                }
            case 9:
                perform(pool.cancel(UInt64.random(in: 1...number, using: &random)))
            case 10 where Int.random(in: 0..<4, using: &random) == 0:
                guard let (connection, calls) = inFlight.randomElement(using: &random) else { continue }
                inFlight[connection] = nil
                perform(pool.close(connection, calls, .connectionClosed, at: now))
            default:
                perform(pool.wake(at: now))
                #expect(undecided.values.allSatisfy { $0.deadline > .at(now) })
            }
            #expect(undecided.count == pool.waitingCount)
        }
        perform(pool.close())
        #expect(undecided.isEmpty)
    }
}
