import Foundation

/// Where it was measured.
package enum Machine {
    /// The processor's name and how many there are, without a full stop.
    package static var description: String {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "a processor"
        return "\(name), \(ProcessInfo.processInfo.activeProcessorCount) processors"
    }

    package static var kernel: String {
        let text = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? "unknown"
        return "Linux " + text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Processes that ran or wanted to, in the last minute.
    package static var load: String {
        let text = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? "unknown"
        return String(text.split(separator: " ").first ?? "unknown")
    }

    /// The first thing that looks like a version in what a program says of itself.
    package static func version(of path: String, _ argument: String) -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [path, argument]
        process.standardOutput = output
        // Some say it there.
        process.standardError = output
        guard (try? process.run()) != nil else { return "unknown" }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.firstMatch(of: /\d+\.\d+(\.\d+)*\S*/).map { String($0.0) } ?? "unknown"
    }
}
