import Foundation
import SemblanceClient

/// Carries out the scenario that all clients share, with the Swift client: see Tests/Fixtures/scenario/README.md.
struct Scenario {
    private struct Document: Decodable {
        var steps: [ScenarioValue]
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private let client: SemblanceClient
    /// Makes the namespaces of a run its own.
    private let suffix: String
    private var saved: [String: ScenarioValue] = [:]

    init(client: SemblanceClient, suffix: String) {
        self.client = client
        self.suffix = suffix
    }

    private static var steps: [ScenarioValue] {
        get throws {
            let url = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../Fixtures/scenario/scenario.json").standardized
            return try JSONDecoder().decode(Document.self, from: Data(contentsOf: url)).steps
        }
    }

    /// - Returns: how many steps were carried out.
    /// - Throws: `Failure` at the first one that comes out otherwise than expected.
    mutating func run() async throws -> Int {
        let steps = try Self.steps
        for step in steps {
            let result: ScenarioValue
            do {
                result = try await perform(resolved(step))
            } catch let error as CacheError {
                result = .object(["error": ScenarioResult.error(error)])
            }
            if let difference = result.difference(from: resolved(step["expect"])) {
                throw Failure(description: "\(step["say"].text ?? "") \(difference)\n  got \(result)")
            }
            if case .object(let paths) = step["save"] {
                for (name, path) in paths { saved[name] = result.at(path.text ?? "") }
            }
        }
        return steps.count
    }

    /// With saved values in the place of their names, except in what is expected and saved.
    private func resolved(_ value: ScenarioValue) -> ScenarioValue {
        switch value {
        case .list(let items): return .list(items.map(resolved))
        case .object(let members):
            if members.count == 1, let name = members["$"]?.text { return saved[name] ?? .null }
            return .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { name, item in
                        (name, ["expect", "save"].contains(name) ? item : resolved(item))
                    }))
        default: return value
        }
    }

    private func perform(_ step: ScenarioValue) async throws -> ScenarioValue {
        let namespace = (step["namespace"].text ?? "") + suffix
        let model = step["model"].text ?? ""
        switch step["do"].text ?? "" {
        case "ping":
            try await client.ping()
            return .object([:])
        case "create-namespace":
            let settings = ScenarioRequest.settings(step["settings"])
            return described(try await client.createNamespace(namespace, settings: settings))
        case "list-namespaces": return .list(try await client.namespaces().map(described))
        case "drop-namespace": return ScenarioResult.purged(try await client.dropNamespace(namespace))
        case "lookup" where !step["lookup"].isNull:
            return ScenarioResult.lookup(
                try await client.lookup(ScenarioRequest.lookup(step["lookup"]), in: namespace))
        case "lookup":
            let lookups = (step["lookups"].list ?? []).map(ScenarioRequest.lookup)
            return .list(try await client.lookup(lookups, in: namespace).map(ScenarioResult.lookup))
        case "insert" where !step["insertion"].isNull:
            let insertion = ScenarioRequest.insertion(step["insertion"])
            let entry = try await client.insert(insertion, in: namespace, model: model)
            return .object(["outcome": .text("stored"), "entry": .number(entry.number)])
        case "insert":
            let insertions = (step["insertions"].list ?? []).map(ScenarioRequest.insertion)
            return .list(
                try await client.insert(insertions, in: namespace, model: model).map(ScenarioResult.insertion))
        case "get":
            let entry = ScenarioRequest.entry(step["entry"])
            let scope = step["scope"].text.flatMap(Scope.init)
            return ScenarioResult.entry(try await client.entry(entry, in: namespace, scope: scope))
        case "delete" where !step["entry"].isNull:
            return .flag(try await client.delete(ScenarioRequest.entry(step["entry"]), in: namespace))
        case "delete":
            let entries = (step["entries"].list ?? []).map(ScenarioRequest.entry)
            return .list(try await client.delete(entries, in: namespace).map(ScenarioValue.flag))
        case "invalidate" where !step["invalidation"].isNull:
            let invalidation = ScenarioRequest.invalidation(step["invalidation"])
            return ScenarioResult.change(try await client.invalidate(invalidation, in: namespace))
        case "invalidate":
            let invalidations = (step["invalidations"].list ?? []).map(ScenarioRequest.invalidation)
            return .list(
                try await client.invalidate(invalidations, in: namespace).map { outcome in
                    switch outcome {
                    case .success(let receipt): ScenarioResult.change(receipt)
                    case .failure(let error): ScenarioResult.refusal(error)
                    }
                })
        case "lease":
            let (lease, states) = try await client.lease(in: namespace, sources: step["sources"].texts)
            return .object(["lease": .text(lease.description), "states": .list(states.map(ScenarioResult.state))])
        case "purge":
            let scope = step["scope"].text.flatMap(Scope.init).map(Purge.scope)
            let purge = scope ?? .tag(step["tag"].text ?? "")
            return ScenarioResult.purged(try await client.purge(purge, in: namespace))
        case "lift-fence": return .object(["position": .text(try await client.liftFence().description)])
        case "statistics":
            return try JSONDecoder().decode(ScenarioValue.self, from: Data(try await client.statistics().utf8))
        case let unknown: throw Failure(description: "unknown step: \(unknown)")
        }
    }

    private func described(_ description: NamespaceDescription) -> ScenarioValue {
        let name = description.name
        return ScenarioResult.namespace(
            description, name: name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name)
    }
}
