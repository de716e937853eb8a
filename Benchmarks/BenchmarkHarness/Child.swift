package import Foundation
import Synchronization

/// A process that a benchmark has started, and ends.
package final class Child {
    private let process = Process()
    private let output = Pipe()
    private let name: String
    private let log: URL?

    private struct Running {
        var identifiers: Set<Int32> = []
        /// Nothing is started any more.
        var isOver = false
    }

    /// Those that have not been ended, for whoever has to end them all at once.
    private static let running = Mutex(Running())

    /// - Parameters:
    ///   - processor: the only one that it may run on; nil leaves it to the scheduler.
    ///   - log: takes what it writes to standard error; nil leaves that to the terminal.
    /// - Throws: when the program cannot be started.
    package init(_ path: String, _ arguments: [String], processor: Int? = nil, log: URL? = nil) throws {
        name = URL(filePath: path).lastPathComponent
        self.log = log
        var command = [path] + arguments
        if let processor { command = ["taskset", "-c", String(processor)] + command }
        // It looks for the program, and becomes it.
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        // Settings of whoever runs the benchmark are none of its own.
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        if let log {
            _ = FileManager.default.createFile(atPath: log.path, contents: nil)
            process.standardError = try FileHandle(forWritingTo: log)
        }
        try Self.running.withLock {
            guard !$0.isOver else { throw Failure("\(name) is not started: the benchmark ends") }
            try process.run()
            $0.identifiers.insert(process.processIdentifier)
        }
    }

    package var identifier: Int32 { process.processIdentifier }

    package var isRunning: Bool { process.isRunning }

    /// What follows a text in the first line of the output that has it.
    ///
    /// - Throws: when the output ends without such a line.
    package func announcement(after text: String) throws -> String {
        var heard = ""
        while true {
            for line in heard.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                if let range = line.range(of: text) { return String(line[range.upperBound...]) }
            }
            let bytes = output.fileHandleForReading.availableData
            guard !bytes.isEmpty else { throw Failure("\(name) has ended before it was ready\(lastWords)") }
            heard += String(decoding: bytes, as: UTF8.self)
        }
    }

    /// All output of a program that ends by itself.
    ///
    /// - Throws: when it fails.
    package func wholeOutput() throws -> String {
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        forget()
        let text = String(decoding: bytes, as: UTF8.self)
        guard process.terminationStatus == 0 else {
            throw Failure("\(name) has failed with status \(process.terminationStatus)\n\(text)\(lastWords)")
        }
        return text
    }

    private var lastWords: String {
        guard let log, let text = try? String(contentsOf: log, encoding: .utf8), !text.isEmpty else { return "" }
        return "\n" + text.suffix(2_000)
    }

    /// Resident memory that is not read from files, in bytes; cheap, and some pages for each thread behind.
    package static func anonymousBytes(of process: Int32) -> Int {
        kibibytes(of: "RssAnon:", in: "/proc/\(process)/status") ?? 0
    }

    /// The same, summed over all mappings: exact, and slow for a process with many pages.
    package static func exactAnonymousBytes(of process: Int32) -> Int {
        kibibytes(of: "Anonymous:", in: "/proc/\(process)/smaps_rollup") ?? anonymousBytes(of: process)
    }

    private static func kibibytes(of name: String, in path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) })
        else { return nil }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    /// Of user and system together, since the process began; in steps of 10 ms.
    package static func processorSeconds(of process: Int32) -> Double {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            // The name before may have spaces in it.
            let fields = status.split(separator: ")").last?.split(separator: " "), fields.count > 12
        else { return 0 }
        return ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / 100
    }

    /// - Parameter patienceSeconds: after it the process is killed.
    package func end(patienceSeconds: Double = 2) {
        defer { forget() }
        guard process.isRunning else { return }
        process.terminate()
        for _ in 0..<Int(patienceSeconds * 100) where process.isRunning { usleep(10_000) }
        if process.isRunning { _ = kill(identifier, SIGKILL) }
        process.waitUntilExit()
    }

    private func forget() {
        let identifier = process.processIdentifier
        Self.running.withLock { _ = $0.identifiers.remove(identifier) }
    }

    /// Ends whatever has been started and not been ended, for good; for a benchmark that is broken off.
    package static func endAll() {
        let identifiers = running.withLock {
            $0.isOver = true
            return $0.identifiers
        }
        for identifier in identifiers { _ = kill(identifier, SIGTERM) }
        for _ in 0..<100 where identifiers.contains(where: { kill($0, 0) == 0 }) { usleep(10_000) }
        for identifier in identifiers { _ = kill(identifier, SIGKILL) }
    }
}
