import CacheEngine
import Synchronization
import Testing

@Suite struct SignalTests {
    @Test func aNotificationAfterTheTicketIsNotSleptThrough() {
        let signal = Signal()
        let ticket = signal.ticket()
        signal.notify()
        #expect(signal.wait(after: ticket, timeoutMilliseconds: nil))
        #expect(signal.wait(after: ticket, timeoutMilliseconds: 0))
    }

    @Test(arguments: [0, 1, 30])
    func aWaitWithoutNotificationEndsInTime(milliseconds: Int) {
        let signal = Signal()
        let clock = ContinuousClock()
        let start = clock.now
        #expect(!signal.wait(after: signal.ticket(), timeoutMilliseconds: milliseconds))
        #expect(start.duration(to: clock.now) >= .milliseconds(milliseconds))
    }

    @Test func anOldNotificationDoesNotEndANewWait() {
        let signal = Signal()
        signal.notify()
        #expect(!signal.wait(after: signal.ticket(), timeoutMilliseconds: 1))
    }

    /// A hand-over between two threads that stops for ever if one wake-up is lost.
    @Test func everyThreadThatWaitsIsWoken() {
        let signal = Signal()
        let box = Counted(signal: signal)
        let threads = (0..<4).map { index in
            WorkerThread {
                while true {
                    let ticket = box.signal.ticket()
                    let current = box.value.load(ordering: .acquiring)
                    if current >= 2_000 { return }
                    if current % 4 == index {
                        box.value.wrappingAdd(1, ordering: .acquiringAndReleasing)
                        box.signal.notify()
                    } else {
                        _ = box.signal.wait(after: ticket, timeoutMilliseconds: nil)
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(box.value.load(ordering: .acquiring) == 2_000)
    }

    private final class Counted: Sendable {
        let signal: Signal
        let value = Atomic<Int>(0)
        init(signal: Signal) { self.signal = signal }
    }
}
