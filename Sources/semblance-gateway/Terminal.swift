import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Lines for people.
enum Terminal {
    static func output(_ line: String) { write(line, to: STDOUT_FILENO) }

    static func error(_ line: String) { write(line, to: STDERR_FILENO) }

    /// Colors are for terminals only, and for nobody who has set `NO_COLOR` (https://no-color.org).
    static func toned(_ text: String, _ tone: DemoScreen.Tone) -> String {
        hasColors ? "\u{1b}[\(tone.rawValue)m\(text)\u{1b}[0m" : text
    }

    private static let hasColors: Bool = {
        let environment = ProcessInfo.processInfo.environment
        return isatty(STDOUT_FILENO) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }()

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of standard output, 80 where nobody knows.
    static var outputWidth: Int {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return 80
        }
        return Int(size.ws_col)
    }

    /// Whether the environment says that characters beyond ASCII are shown; as POSIX has it, the first that is set
    /// counts.
    static var isUnicode: Bool {
        let environment = ProcessInfo.processInfo.environment
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        return locale.lowercased().filter { $0 != "-" }.hasSuffix("utf8")
    }

    /// In the place of the line before.
    static func errorInPlace(_ line: String) { write("\r" + line, to: STDERR_FILENO, endsLine: false) }

    private static func write(_ line: String, to descriptor: Int32, endsLine: Bool = true) {
        var rest = Array(line.utf8)[...]
        if endsLine, rest.last != UInt8(ascii: "\n") { rest.append(UInt8(ascii: "\n")) }
        while !rest.isEmpty {
            #if canImport(Glibc)
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            #elseif canImport(Musl)
                let count = rest.withUnsafeBytes { Musl.write(descriptor, $0.baseAddress, $0.count) }
            #else
                let count = rest.withUnsafeBytes { Darwin.write(descriptor, $0.baseAddress, $0.count) }
            #endif
            // Nobody reads any more.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
