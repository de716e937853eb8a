import Foundation
import Synchronization

/// Lines of Markdown, printed as they come.
final class Report: Sendable {
    private let lines = Mutex("")

    var text: String { lines.withLock { $0 } }

    func line(_ line: String = "") {
        lines.withLock { $0 += line + "\n" }
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
