import CacheModel
import Configuration
import FoundationEssentials

/// Where values come from, the first that has one wins: options, then environment variables, then the file.
struct ConfigurationLayers: Sendable {
    /// A value and the place it came from, for messages such as "SEMBLANCE_DURABILITY is 'fast', but it is sync or
    /// relaxed".
    struct Found<Value> {
        var value: Value
        var key: String
        var origin: String
        var got: String

        func invalid(_ rule: String) -> CacheError {
            CacheError(
                .invalidConfiguration, "\(key) (\(origin)) is '\(got)', but it \(rule)",
                detail: ["key": key, "origin": origin, "got": got])
        }

        /// Adds key and origin to what `transform` throws.
        func map<Other>(_ transform: (Value) throws(CacheError) -> Other) throws(CacheError) -> Other {
            do {
                return try transform(value)
            } catch {
                throw CacheError(
                    .invalidConfiguration, "\(key) (\(origin)) is '\(got)': \(error.message)",
                    detail: ["key": key, "origin": origin, "got": got])
            }
        }
    }

    private struct Layer: Sendable {
        var origin: String
        var provider: any ConfigProvider
        /// What the layer calls a key.
        var name: @Sendable (ServeSettings.Key) -> String
    }

    private var layers: [Layer] = []

    /// - Parameters:
    ///   - options: those of the command line that were given; lists hold one text for each time.
    ///   - file: a JSON file, whose keys must all be known.
    /// - Throws: `invalid-configuration`.
    init(options: [ServeSettings.Key: [String]], environment: [String: String], file: String?) async throws(CacheError)
    {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, texts) in options {
            let content = [.listen, .maxNamespaceBytes].contains(key) ? ConfigContent.stringArray(texts) : .string(texts.last ?? "")
            values[AbsoluteConfigKey([key.rawValue])] = ConfigValue(content, isSecret: false)
        }
        layers.append(
            Layer(origin: "command line", provider: InMemoryProvider(name: "options", values: values)) {
                "--" + Self.words($0).joined(separator: "-")
            })
        // An empty variable is one that is not set: that is how shells and container files unset them.
        let variables = environment.filter { $0.key.hasPrefix("SEMBLANCE_") && !$0.value.isEmpty }
        let provider = EnvironmentVariablesProvider(environmentVariables: variables).prefixKeys(with: "semblance")
        layers.append(
            Layer(origin: "environment", provider: provider) {
                "SEMBLANCE_" + Self.words($0).joined(separator: "_").uppercased()
            })
        if let file { layers.append(try await Self.file(file)) }
    }

    private static func words(_ key: ServeSettings.Key) -> [String] {
        key.rawValue.reduce(into: [""]) { words, character in
            if character.isUppercase { words.append("") }
            words[words.count - 1] += character.lowercased()
        }
    }

    private static func file(_ path: String) async throws(CacheError) -> Layer {
        func invalid(_ reason: String, key: String = "") -> CacheError {
            CacheError(.invalidConfiguration, "\(path) \(reason)", detail: ["key": key, "origin": path])
        }
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(path, limitBytes: 1 << 20)
        } catch {
            throw CacheError(.invalidConfiguration, error.message, detail: ["key": "config", "origin": path])
        }
        guard let names = try? JSONDecoder().decode([String: AnyValue].self, from: Data(bytes)).keys else {
            throw invalid("is not a JSON object")
        }
        let known = ServeSettings.Key.allCases.map(\.rawValue)
        if let unknown = names.sorted().first(where: { !known.contains($0) }) {
            throw invalid(
                "has the key '\(unknown)', which is not known: there are \(known.joined(separator: ", "))", key: unknown
            )
        }
        do {
            let place = InMemoryProvider(values: ["filePath": ConfigValue(.string(path), isSecret: false)])
            let provider = try await FileProvider<JSONSnapshot>(config: ConfigReader(provider: place))
            return Layer(origin: path, provider: provider) { $0.rawValue }
        } catch {
            throw invalid("cannot be read: \(error)")
        }
    }

    /// Any JSON value; only the names beside it count.
    private struct AnyValue: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    /// A text, or a number as text.
    func text(_ key: ServeSettings.Key) throws(CacheError) -> Found<String>? {
        try first(key, as: [.string, .int]) { content in
            switch content {
            case .string(let text): (text, text)
            case .int(let number): ("\(number)", "\(number)")
            default: nil
            }
        }
    }

    /// Several texts, or a single one.
    func texts(_ key: ServeSettings.Key) throws(CacheError) -> Found<[String]>? {
        try first(key, as: [.stringArray, .string]) { content in
            switch content {
            case .stringArray(let texts): (texts, texts.joined(separator: ","))
            case .string(let text): ([text], text)
            default: nil
            }
        }
    }

    /// True or false, also as text.
    func flag(_ key: ServeSettings.Key) throws(CacheError) -> Bool? {
        let found: Found<String>? = try first(key, as: [.bool, .string]) { content in
            switch content {
            case .bool(let flag): ("\(flag)", "\(flag)")
            case .string(let text): (text, text)
            default: nil
            }
        }
        guard let found else { return nil }
        guard let flag = Bool(found.value) else { throw found.invalid("is true or false") }
        return flag
    }

    private func first<Value>(
        _ key: ServeSettings.Key, as types: [ConfigType], _ read: (ConfigContent) -> (Value, text: String)?
    ) throws(CacheError) -> Found<Value>? {
        for layer in layers {
            var isOfOtherType = false
            for type in types {
                do {
                    let result = try layer.provider.value(forKey: AbsoluteConfigKey([key.rawValue]), type: type)
                    guard let content = result.value?.content, let (value, text) = read(content) else { continue }
                    return Found(value: value, key: layer.name(key), origin: layer.origin, got: text)
                } catch {
                    isOfOtherType = true
                }
            }
            if isOfOtherType {
                throw CacheError(
                    .invalidConfiguration, "\(layer.name(key)) (\(layer.origin)) is of another type than it should be",
                    detail: ["key": layer.name(key), "origin": layer.origin])
            }
        }
        return nil
    }
}
