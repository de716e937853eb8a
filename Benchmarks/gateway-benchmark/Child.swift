import Foundation

/// A process that the benchmark has started, and ends.
final class Child {
    private let process = Process()
    private let output = Pipe()
    private let name: String

    /// - Throws: when the program cannot be started.
    init(_ path: String, _ arguments: [String], log: URL) throws {
        name = URL(filePath: path).lastPathComponent
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        // Settings of whoever runs the benchmark are none of its own.
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
        process.standardOutput = output
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
    }

    var identifier: Int32 { process.processIdentifier }

    /// What follows a text in the first line of the output that has it.
    ///
    /// - Throws: when the output ends without such a line.
    func announcement(after text: String) throws -> String {
        var heard = ""
        while true {
            for line in heard.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                if let range = line.range(of: text) { return String(line[range.upperBound...]) }
            }
            let bytes = output.fileHandleForReading.availableData
            guard !bytes.isEmpty else { throw Failure("\(name) has ended before it was ready") }
            heard += String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Resident memory that is not read from files, in bytes.
    static func anonymousBytes(of process: Int32) -> Int {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") })
        else { return 0 }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 } ?? 0
    }

    /// Of user and system together, since the process began; in steps of 10 ms.
    static func processorSeconds(of process: Int32) -> Double {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            // The name before may have spaces in it.
            let fields = status.split(separator: ")").last?.split(separator: " "), fields.count > 12
        else { return 0 }
        return ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / 100
    }

    func end() {
        guard process.isRunning else { return }
        process.terminate()
        // Nothing of it is kept: whoever has not gone by then is not waited for.
        for _ in 0..<200 where process.isRunning { usleep(10_000) }
        if process.isRunning { _ = kill(identifier, SIGKILL) }
        process.waitUntilExit()
    }
}

struct Failure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
