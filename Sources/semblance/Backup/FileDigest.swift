import CacheModel
import Crypto

/// SHA-256, as `sha256sum` prints it.
struct FileDigest {
    private static let pieceBytes = 1 << 20

    private var hash = SHA256()

    mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { hash.update(bufferPointer: $0) } }

    var text: String { hash.finalize().map(\.hexadecimal).joined() }

    /// Reads a file from front to back.
    ///
    /// - Parameter visit: given each piece, and where it ends.
    static func of(
        _ file: FileBytes, visit: (_ piece: [UInt8], _ end: Int) throws(CacheError) -> Void
    ) throws(CacheError) -> String {
        var digest = FileDigest()
        var offset = 0
        while true {
            let piece = try file.read(at: offset, upTo: pieceBytes)
            guard !piece.isEmpty else { return digest.text }
            offset += piece.count
            digest.add(piece)
            try visit(piece, offset)
        }
    }
}
