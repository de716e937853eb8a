import NIOCore
import Testing

@testable import SemblanceClient

struct WaitingLineTests {
    @Test func theLineIsServedInTheOrderOfArrivalAndAnyoneMayLeave() {
        var line = WaitingLine<TestCall>()
        for number in 1...5 as ClosedRange<UInt64> { line.append(TestCall(number: number)) }
        #expect(line.remove(1)?.number == 1)
        #expect(line.remove(3)?.number == 3)
        #expect(line.remove(3) == nil)
        #expect(line.first?.number == 2)
        #expect(line.removeAll().map(\.number) == [2, 4, 5])
        #expect(line.first == nil)
    }

    /// Random steps against a plain array.
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func theLineIsAnArrayOfThoseWhoStillWait(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var line = WaitingLine<TestCall>()
        var model: [TestCall] = []
        for number in 1...1_000 as ClosedRange<UInt64> {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let call = TestCall(
                    number: number, deadline: .at(Int(number) + Int.random(in: 1...100, using: &random)))
                line.append(call)
                model.append(call)
            case 5..<8:
                guard let call = model.randomElement(using: &random) else { continue }
                #expect(line.remove(call.number) == call)
                model.removeAll { $0 == call }
            case 8:
                let expired = line.removeExpired(now: .at(Int(number)))
                #expect(Set(expired) == Set(model.filter { $0.deadline <= .at(Int(number)) }))
                model.removeAll { $0.deadline <= .at(Int(number)) }
            default:
                let first = line.first
                #expect(first == model.first)
            }
            #expect(line.count == model.count)
            #expect(model.allSatisfy { $0.deadline >= line.earliestDeadline })
        }
        #expect(line.removeAll() == model)
    }
}
