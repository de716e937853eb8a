/// Reads settings one by one, notes where each came from, and collects what is wrong instead of stopping at it.
///
/// What goes first: the command line, then the environment, then the file, then the default. Whatever of the file or of
/// the environment nobody has asked for at the end is a mistake.
final class ConfigurationReader {
    static let variablePrefix = "SEMBLANCE_GATEWAY_"

    let fileName: String
    private let options: [String: String]
    /// An empty variable is one that is not set: that is how shells and container files unset them.
    let environment: [String: String]
    private var askedVariables: Set<String> = []
    private var askedOptions: Set<String> = []
    private(set) var settings: [ConfigurationSetting] = []
    private(set) var problems: [ConfigurationProblem] = []

    /// - Parameter options: of the command line, by their keys: `cache.address`.
    init(fileName: String, options: [String: String], environment: [String: String]) {
        self.fileName = fileName
        self.options = options
        self.environment = environment.filter { !$0.value.isEmpty }
    }

    /// `SEMBLANCE_GATEWAY_UPSTREAMS_OPENAI_BASE_URL` for `upstreams.openai.base-url`.
    static func variable(_ path: [String]) -> String {
        variablePrefix
            + path.joined(separator: "_").uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    }

    func place(of node: ConfigurationNode) -> String { node.line.map { "\(fileName):\($0)" } ?? fileName }

    func report(_ key: String, _ place: String, _ reason: String) {
        guard problems.count < GatewayLimits.problemCount else { return }
        problems.append(ConfigurationProblem(key: key, place: place, reason: reason))
    }

    func note(_ path: [String], _ value: String?, _ origin: ConfigurationSetting.Origin) {
        settings.append(
            ConfigurationSetting(
                key: path.joined(separator: "."), value: value, origin: origin, variable: Self.variable(path)))
    }

    /// A text from the command line or the environment.
    func override(_ path: [String]) -> (text: String, origin: ConfigurationSetting.Origin)? {
        let variable = Self.variable(path)
        askedVariables.insert(variable)
        let key = path.joined(separator: ".")
        askedOptions.insert(key)
        if let text = options[key] { return (text, .commandLine) }
        return environment[variable].map { ($0, .environment(variable)) }
    }

    /// Options, and variables with our prefix, that nobody has asked for.
    func reportUnknown() {
        for key in options.keys.sorted() where !askedOptions.contains(key) {
            report(key, "command line", "is not known" + NearestName.suggestion(for: key, in: askedOptions))
        }
        for variable in environment.keys.sorted() where variable.hasPrefix(Self.variablePrefix) {
            guard !askedVariables.contains(variable) else { continue }
            report(
                variable, "environment",
                "is no variable of the gateway" + NearestName.suggestion(for: variable, in: askedVariables))
        }
    }
}
