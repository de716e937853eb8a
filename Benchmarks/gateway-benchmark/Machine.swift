import Foundation

/// Where it was measured.
enum Machine {
    static var description: String {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "a processor"
        return "\(name), \(ProcessInfo.processInfo.activeProcessorCount) processors; nginx \(nginxVersion)."
    }

    /// Processes that ran or wanted to, in the last minute.
    static var load: String {
        let text = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? "unknown"
        return String(text.split(separator: " ").first ?? "unknown")
    }

    private static var nginxVersion: String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/sbin/nginx")
        process.arguments = ["-v"]
        process.standardError = output
        guard (try? process.run()) != nil else { return "is missing" }
        process.waitUntilExit()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        return text.split(separator: "/").last.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } ?? "unknown"
    }
}
