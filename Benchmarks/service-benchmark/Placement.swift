import BenchmarkHarness
import Foundation

/// Which processors a client and its server run on. Where a wake-up of an idle processor costs more than a request, two
/// of them are slower than one, for any server.
enum Placement: String, CaseIterable, Codable {
    case scheduler = "left to the scheduler"
    case oneProcessor = "client and server on one processor"

    /// For what is started under it.
    var processor: Int? { self == .oneProcessor ? Self.allowed.last : nil }

    /// Puts the benchmark itself, as it is a client too, where it belongs.
    func enter() throws {
        let list = processor.map(String.init) ?? Self.allowedList
        _ = try Child("taskset", ["-a", "-c", "-p", list, String(ProcessInfo.processInfo.processIdentifier)])
            .wholeOutput()
    }

    /// As the benchmark found it: `0-3,6`.
    private static let allowedList: String = {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        return line?.split(whereSeparator: \.isWhitespace).last.map(String.init) ?? "0"
    }()

    private static var allowed: [Int] { allowedList.split { !$0.isNumber }.compactMap { Int($0) } }
}
