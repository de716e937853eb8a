import CacheAccess
import CacheProtocol
import CacheServer
import Foundation
import Testing

/// docs/SECURITY.md says what every request takes, as the code does.
@Suite struct AccessDocumentTests {
    @Test func everyRequestStandsInTheTableWithWhatItTakes() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let document = try String(contentsOf: root.appending(path: "docs/SECURITY.md"), encoding: .utf8)
        let lines = document.split(separator: "\n")
        let start = try #require(lines.firstIndex(of: "| request | scope | namespace |"))
        let rows = lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let requests = [.hello(HelloRequest(clientName: ""))] + AccessTests.requests
        #expect(rows.count == requests.count)
        for request in requests {
            let name = "\(request.opcode)".replacing(/[A-Z]/) { "-" + $0.output }.uppercased()
            let row = try #require(rows.first { $0.first == name }, "\(name) is not in the table")
            let demand = request.demand
            #expect(row[1] == demand.scopes.members.map { "`\($0.rawValue)`" }.joined(separator: " or "), "\(name)")
            switch demand.place {
            case .namespace("n"), .namespaces(["n"]): #expect(row[2] == "its own", "\(name)")
            case .store: #expect(row[2] == "all", "\(name)")
            case .nowhere: #expect(row[2] == (request == .listNamespaces ? "shows those that the token is for" : ""))
            case .namespace, .namespaces: Issue.record("\(name) takes \(demand.place)")
            }
        }
    }
}
