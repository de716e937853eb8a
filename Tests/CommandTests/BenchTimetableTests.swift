import CacheModel
import Testing

@testable import semblance

@Suite struct BenchTimetableTests {
    @Test func requestsAreDueAtEvenDistances() {
        let timetable = BenchTimetable(rate: 4, requestCount: 10)
        #expect((0..<4).map(timetable.dueNanoseconds) == [0, 250_000_000, 500_000_000, 750_000_000])
        #expect(timetable.spanNanoseconds == 2_250_000_000)
    }

    @Test func aTimetableHasEveryRequestThatIsDueBeforeItsEnd() {
        #expect(BenchTimetable.requestCount(rate: 1_000, seconds: 2) == 2_000)
        #expect(BenchTimetable.requestCount(rate: 3, seconds: 0.5) == 2)
        #expect(BenchTimetable.requestCount(rate: 0.1, seconds: 1) == 1, "the first request is due at once")
    }

    @Test(arguments: [1, 2, 3, 7])
    func everyRequestIsDealtOutToOneWorker(_ workerCount: Int) {
        let all = BenchTimetable(rate: 123, requestCount: 40)
        let workers = (0..<workerCount).map {
            BenchTimetable(rate: 123, requestCount: 40, worker: $0, workerCount: workerCount)
        }
        let due = workers.flatMap { worker in (0..<(worker.ownCount ?? 0)).map(worker.dueNanoseconds) }
        #expect(due.sorted() == (0..<40).map(all.dueNanoseconds))
    }

    @Test func moreWorkersThanRequestsLeaveSomeWithNothing() {
        let worker = BenchTimetable(rate: 1, requestCount: 2, worker: 5, workerCount: 8)
        #expect(worker.ownCount == 0)
        #expect(worker.dueCount(atNanoseconds: 1_000_000_000_000) == 0)
    }

    @Test func whatIsDueByATimeAgreesWithWhenItIsDue() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2_000 {
            let workerCount = Int.random(in: 1...5, using: &generator)
            let timetable = BenchTimetable(
                rate: Double.random(in: 0.01...3_000_000, using: &generator), requestCount: nil,
                worker: Int.random(in: 0..<workerCount, using: &generator), workerCount: workerCount)
            let index = Int.random(in: 0..<1_000_000, using: &generator)
            let due = timetable.dueNanoseconds(index)
            #expect(timetable.dueCount(atNanoseconds: due) >= index + 1)
            #expect(due == 0 || timetable.dueCount(atNanoseconds: due - 1) <= index)
            let count = timetable.dueCount(atNanoseconds: due + 12_345)
            #expect(timetable.dueNanoseconds(count) > due + 12_345, "\(timetable)")
            #expect(count == 0 || timetable.dueNanoseconds(count - 1) <= due + 12_345, "\(timetable)")
        }
    }

    @Test func nothingIsDueBeyondTheEnd() {
        let timetable = BenchTimetable(rate: 1_000, requestCount: 5)
        #expect(timetable.dueCount(atNanoseconds: 0) == 1)
        #expect(timetable.dueCount(atNanoseconds: .max >> 8) == 5)
    }

    @Test func aHundredthOfTheTimeIsTolerated() {
        #expect(BenchTimetable(rate: 1_000, requestCount: 10_001).toleranceNanoseconds == 100_000_000)
        #expect(BenchTimetable(rate: 1_000, requestCount: 10).toleranceNanoseconds == 10_000_000)
    }
}

@Suite struct BenchOptionTests {
    @Test func aMixIsWeights() throws {
        let mix = try BenchMix(parsing: "90:9:1")
        #expect(BenchKind.allCases.map { mix[$0] } == [90, 9, 1, 0])
        #expect(mix.description == "90:9:1")
        #expect(try BenchMix(parsing: "0:0:0:2").description == "0:0:0:2")
        #expect(try BenchMix(parsing: "3") == BenchMix(parsing: "3:0:0"))
    }

    @Test(arguments: ["", "0:0:0", "0", "1:", ":1", "1:2:3:4:5", "-1:2", "+1", "1.5", "a:b", "1 :2", "1000001"])
    func whatIsNoMixIsRefused(_ text: String) {
        #expect(throws: CacheError.self) { try BenchMix(parsing: text) }
    }

    @Test func kindsComeAsOftenAsTheirWeightsSay() throws {
        let mix = try BenchMix(parsing: "6:3:0:1")
        var generator = BenchGenerator(seed: 5, stream: 0)
        var counts = [Int](repeating: 0, count: 4)
        for _ in 0..<10_000 { counts[mix.choose(using: &generator).rawValue] += 1 }
        #expect(counts[2] == 0, "a weight of 0 is never")
        for (count, expected) in [(counts[0], 6_000), (counts[1], 3_000), (counts[3], 1_000)] {
            #expect(abs(count - expected) < 300)
        }
    }

    @Test func aRateIsANumberOrMax() throws {
        #expect(try BenchRate(parsing: "max") == .maximum)
        #expect(try BenchRate(parsing: "2500") == .perSecond(2_500))
        #expect(try BenchRate(parsing: "0.5") == .perSecond(0.5))
    }

    @Test(arguments: ["0", "-1", "nan", "inf", "1e9", "", "fast", "MAX"])
    func whatIsNoRateIsRefused(_ text: String) {
        #expect(throws: CacheError.self) { try BenchRate(parsing: text) }
    }

    @Test func progressShowsTimeCountRateAndErrors() {
        #expect(
            BenchProgress.line(
                answered: 1_234, errors: 0, elapsed: .milliseconds(2_500), rate: 987.6, seconds: 10, of: nil)
                == "[██████··················] 2.5 of 10.0 s  1,234 answered  987/s")
        #expect(
            BenchProgress.line(answered: 11, errors: 1, elapsed: .seconds(1), rate: 12, seconds: nil, of: 12)
                == "[████████████████████████] 1.0 s  11 answered of 12  12/s  1 error")
    }
}
