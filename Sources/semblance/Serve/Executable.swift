import FoundationEssentials

/// This program's own file.
enum Executable {
    static var path: String {
        #if os(Linux)
            // Still this program when its file was replaced meanwhile.
            "/proc/self/exe"
        #else
            arguments.first ?? "semblance"
        #endif
    }

    /// As it was called, for commands that are shown to people.
    static var name: String { arguments.first.flatMap { $0.isEmpty ? nil : $0 } ?? "semblance" }

    private static var arguments: [String] { ProcessInfo.processInfo.arguments }
}
