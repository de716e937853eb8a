import ArgumentParser
import CacheModel
import FoundationEssentials
import SemblanceClient

struct StatisticsCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Show what the service holds and has done since it was started.",
        aliases: ["statistics"])

    @OptionGroup var client: ClientOptions

    func run(_ service: SemblanceClient) async throws -> CommandOutput {
        let document = try await service.statistics()
        return CommandOutput(try Self.lines(document), json: .document(document))
    }

    /// Group by group, the names in order; counts that are 0 are left out, as most of them are most of the time.
    static func lines(_ document: String) throws(CacheError) -> [String] {
        guard let root = try? JSONDecoder().decode([String: Value].self, from: Data(document.utf8)) else {
            throw CacheError(.malformedFrame, "the statistics are not a JSON object")
        }
        var lines: [String] = []
        var plain: [(String, String)] = []
        var groups: [(String, [(String, String)])] = []
        for (name, value) in root.sorted(by: { $0.key < $1.key }) {
            guard case .object(let fields) = value else {
                plain.append((name, value.text(name)))
                continue
            }
            let shown = fields.filter { $0.value != .number(0) }.sorted { $0.key < $1.key }
            groups.append((name, shown.map { ($0.key, $0.value.text($0.key)) }))
        }
        lines += TextTable.pairs(plain.map { (name: $0.0, value: $0.1) })
        for (name, fields) in groups where !fields.isEmpty {
            lines.append(name)
            lines += TextTable.pairs(fields.map { (name: $0.0, value: $0.1) })
        }
        return lines
    }

    private enum Value: Decodable, Hashable {
        case number(Double)
        case flag(Bool)
        case text(String)
        case object([String: Value])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else {
                self = .object(try container.decode([String: Value].self))
            }
        }

        func text(_ name: String) -> String {
            switch self {
            case .number(let number):
                guard let whole = Int(exactly: number) else { return "\(number)" }
                return name.hasSuffix("Bytes") ? ByteCountText.text(bytes: whole) : NumberText.grouped(whole)
            case .flag(let flag): return flag ? "yes" : "no"
            case .text(let text): return text
            case .object(let fields): return "\(fields.count) fields"
            }
        }
    }
}
