import Foundation

/// Shortens a file in place, as another process might while it is read.
func truncateFile(_ path: String, to count: Int) throws {
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: UInt64(count))
    try handle.close()
}
