import Foundation

/// Control-C and SIGTERM: what has been started ends, what was written for the while goes, and so does the benchmark.
package enum Interruption {
    // A signal handler can capture nothing; it is written once, before there is a handler that reads it.
    private nonisolated(unsafe) static var writingEnd: Int32 = -1

    package static func watch() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        writingEnd = ends[1]
        let readingEnd = ends[0]
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(Interruption.writingEnd, &byte, 1)
            }
        }
        Thread.detachNewThread {
            var byte: UInt8 = 0
            guard read(readingEnd, &byte, 1) == 1 else { return }
            leave(128 + Int32(byte))
        }
    }

    private static let turn = NSLock()

    /// Ends what has been started, removes what was written for the while, and exits.
    package static func leave(_ status: Int32) -> Never {
        // Whoever comes second, as its servers are gone, waits here until the first has exited.
        turn.lock()
        Child.endAll()
        TemporaryFolder.removeAll()
        exit(status)
    }
}
