import CacheModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// All rows that were refused, one JSON object on each line.
final class RefusedRowsFile {
    let path: String
    private var descriptor: CInt = -1

    init(path: String) { self.path = path }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Makes the file, or empties it.
    func open() throws(CacheError) {
        #if canImport(Glibc)
            descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        #elseif canImport(Musl)
            descriptor = Musl.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        #else
            descriptor = Darwin.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        #endif
        guard descriptor >= 0 else { throw FileBytes.failure(path) }
    }

    func add(_ rows: [RefusedRow]) throws(CacheError) {
        guard !rows.isEmpty else { return }
        let text = Array(rows.map { $0.json.line + "\n" }.joined().utf8)
        let count = text.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count == text.count else { throw FileBytes.failure(path) }
    }
}
