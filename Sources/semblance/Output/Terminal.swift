import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One of the two streams that a command writes to, and what its other end can show.
struct Terminal: Sendable {
    /// A file descriptor.
    let descriptor: CInt
    let isTerminal: Bool
    let hasColors: Bool

    static let output = Terminal(descriptor: 1, environment: ProcessInfo.processInfo.environment)
    static let error = Terminal(descriptor: 2, environment: ProcessInfo.processInfo.environment)

    /// Colors are for terminals only, and for nobody who has set `NO_COLOR` (https://no-color.org).
    init(descriptor: CInt, environment: [String: String]) {
        self.init(descriptor: descriptor, isTerminal: isatty(descriptor) == 1, environment: environment)
    }

    init(descriptor: CInt, isTerminal: Bool, environment: [String: String]) {
        self.descriptor = descriptor
        self.isTerminal = isTerminal
        hasColors = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// Columns, 80 where nobody knows.
    var width: Int { size.map { Int($0.ws_col) } ?? 80 }
    /// Lines, 24 where nobody knows.
    var height: Int { size.map { Int($0.ws_row) } ?? 24 }

    private var size: winsize? {
        var size = winsize()
        guard isTerminal, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return nil
        }
        return size
    }

    /// Writes all of it. What cannot be written is lost: there is nowhere to say so.
    func write(_ text: String) {
        var text = text
        text.withUTF8 { write(UnsafeRawBufferPointer($0)) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let buffer = UnsafeRawBufferPointer(rebasing: rest)
            #if canImport(Glibc)
                let count = Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                let count = Musl.write(descriptor, buffer.baseAddress, buffer.count)
            #else
                let count = Darwin.write(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func line(_ text: String = "") { write(text + "\n") }

    enum Color: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    func colored(_ text: String, _ color: Color) -> String {
        hasColors ? "\u{1b}[\(color.rawValue)m\(text)\u{1b}[0m" : text
    }
}
