internal import Synchronization

/// A value that one thread computes and another one waits for.
final class Handoff<Value: Sendable>: Sendable {
    private let slot = Mutex<Value?>(nil)
    private let signal = Signal()

    func put(_ value: Value) {
        slot.withLock { $0 = value }
        signal.notify()
    }

    func take() -> Value? {
        while true {
            let ticket = signal.ticket()
            if let value = slot.withLock({ $0 }) { return value }
            _ = signal.wait(after: ticket, timeoutMilliseconds: nil)
        }
    }
}
