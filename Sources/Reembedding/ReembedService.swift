package import CacheModel
package import SemblanceClient

/// The two namespaces of a move, as the run sees them: those of a service, or of a test.
package protocol ReembedService: Sendable {
    /// A page of the namespace that is moved.
    func scan(_ scan: Scan) async throws -> ScanPage
    /// Where it is moved to.
    func insert(_ insertions: [Insertion]) async throws -> [InsertOutcome]
    /// Where it is moved to.
    func lookup(_ lookups: [Lookup]) async throws -> [LookupReply]
    /// Waits for a busy service.
    func pause(milliseconds: Int) async throws
}

/// Two namespaces of a running service.
package struct NamespacePair: ReembedService {
    let client: SemblanceClient
    let from: String
    let to: String
    /// The label of the embedding model.
    let model: String

    package init(client: SemblanceClient, from: String, to: String, model: String) {
        self.client = client
        self.from = from
        self.to = to
        self.model = model
    }

    package func scan(_ scan: Scan) async throws -> ScanPage { try await client.scan(scan, in: from) }

    package func insert(_ insertions: [Insertion]) async throws -> [InsertOutcome] {
        try await client.insert(insertions, in: to, model: model)
    }

    package func lookup(_ lookups: [Lookup]) async throws -> [LookupReply] { try await client.lookup(lookups, in: to) }
    package func pause(milliseconds: Int) async throws { try await Task.sleep(for: .milliseconds(milliseconds)) }
}

extension SemblanceClient {
    /// Entries of a namespace that hold now, read page by page without what they carry.
    package func servableCount(of namespace: String) async throws -> Int {
        var scan = Scan(omitsPayloads: true, omitsVectors: true)
        var (count, end) = (0, nil as EntryIdentifier?)
        while true {
            let page = try await self.scan(scan, in: namespace)
            let last = end ?? page.newest
            end = last
            count += page.entries.count { $0.entry.identifier <= last }
            scan.after = page.last
            if page.isAtEnd || page.last >= last { return count }
        }
    }
}
