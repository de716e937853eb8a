/// One value that is in force, and where it came from.
package struct ConfigurationSetting: Hashable, Sendable {
    package enum Origin: Hashable, Sendable, CustomStringConvertible {
        case standard
        /// With the line, if it is known.
        case file(String, line: Int?)
        case environment(String)
        case commandLine

        package var description: String {
            switch self {
            case .standard: "default"
            case .file(let name, let line?): "\(name):\(line)"
            case .file(let name, nil): name
            case .environment(let variable): variable
            case .commandLine: "command line"
            }
        }
    }

    package var key: String
    /// As one would write it; secrets are masked. Nil when it is not set and has no default.
    package var value: String?
    package var origin: Origin
    /// The variable that sets it.
    package var variable: String
}
