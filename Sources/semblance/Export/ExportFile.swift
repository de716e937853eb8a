import CacheModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where an export goes: a file that is there as a whole or not at all, or standard output.
///
/// A file is written under another name beside its place, synchronized, and renamed. Only its owner may read it: it
/// holds answers.
final class ExportFile {
    /// Nil for standard output.
    let path: String?
    private let temporary: String?
    private var descriptor: CInt
    private var waiting: [UInt8] = []
    private(set) var byteCount = 0
    private static let pieceBytes = 1 << 20

    /// - Parameters:
    ///   - path: nil for standard output.
    ///   - overwrites: whether a file that is there gives way, once the export is whole.
    /// - Throws: `invalid-argument` for a place that cannot be written to, or that is taken.
    init(_ path: String?, overwrites: Bool) throws(CacheError) {
        self.path = path
        guard let path else {
            (temporary, descriptor) = (nil, STDOUT_FILENO)
            return
        }
        guard overwrites || access(path, F_OK) != 0 else {
            throw CacheError(
                .invalidArgument, "\(path) is there already; --overwrite has it give way", detail: ["path": path])
        }
        let temporary = "\(path).unfinished-\(getpid())"
        self.temporary = temporary
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileBytes.failure(path) }
    }

    /// What was not finished is removed.
    deinit {
        guard let temporary, descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
    }

    func line(_ line: String) throws(CacheError) {
        waiting += line.utf8
        waiting.append(UInt8(ascii: "\n"))
        if waiting.count >= Self.pieceBytes { try flush() }
    }

    /// Until then nothing of a file is there.
    func finish() throws(CacheError) {
        try flush()
        guard let path, let temporary else { return }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw FileBytes.failure(path) }
        close(descriptor)
        descriptor = -1
    }

    private func flush() throws(CacheError) {
        var rest = waiting[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { throw FileBytes.failure(path ?? "standard output") }
            rest = rest.dropFirst(count)
            byteCount += count
        }
        waiting.removeAll(keepingCapacity: true)
    }
}
