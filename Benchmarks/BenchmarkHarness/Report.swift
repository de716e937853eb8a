import Foundation
import Synchronization

/// Lines of Markdown, printed as they come.
package final class Report: Sendable {
    private let lines = Mutex("")
    private let isPrinted: Bool

    /// - Parameter isPrinted: false where standard output is for something else.
    package init(isPrinted: Bool = true) { self.isPrinted = isPrinted }

    package var text: String { lines.withLock { $0 } }

    package func line(_ line: String = "") {
        lines.withLock { $0 += line + "\n" }
        if isPrinted { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
    }
}
