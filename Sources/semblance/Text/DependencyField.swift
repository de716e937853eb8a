import CacheModel

/// A dependency in a `.jsonl` file: a word such as `kb/refunds@42` where it says all, otherwise an object, as a source
/// may have any name: `{"source": "docs#api", "version": 3, "generation": "00c1f3a09b2e7d44:17"}` or `{"source": …,
/// "label": …}`.
struct DependencyField: Decodable, Hashable {
    var dependency: Dependency

    private enum Key: String, CodingKey { case source, version, generation, label }

    init(_ dependency: Dependency) { self.dependency = dependency }

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            dependency = try DependencyText.parse(text)
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        let source = try container.decode(String.self, forKey: .source)
        if let label = try container.decodeIfPresent(String.self, forKey: .label) {
            dependency = Dependency(source, .labelled(label))
            return
        }
        guard let version = try container.decodeIfPresent(UInt64.self, forKey: .version) else {
            dependency = Dependency(source)
            return
        }
        guard let text = try container.decodeIfPresent(String.self, forKey: .generation) else {
            dependency = Dependency(source, .ordered(version))
            return
        }
        guard let generation = Generation(text) else {
            throw CacheError(.invalidArgument, "a generation is a position such as 00c1f3a09b2e7d44:17")
        }
        dependency = Dependency(source, .ordered(version, generation: generation))
    }

    /// What `init(from:)` reads back as the same dependency.
    var json: JSONText {
        let text = DependencyText.text(dependency)
        if let parsed = try? DependencyText.parse(text), parsed == dependency { return .text(text) }
        switch dependency.version {
        case .unnamed: return .fields(["source": .text(dependency.source)])
        case .labelled(let label): return .fields(["source": .text(dependency.source), "label": .text(label)])
        case .ordered(let version, let generation):
            return .fields([
                "source": .text(dependency.source), "version": .unsigned(version),
                "generation": generation == .zero ? nil : .text(generation.description),
            ])
        }
    }
}
