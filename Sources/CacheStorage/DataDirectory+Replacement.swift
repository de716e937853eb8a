package import CacheModel

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension DataDirectory {
    package var dataFile: String { path + "/data.mdb" }

    /// Puts a data file, which lies in this directory under another name and is open nowhere, in the place of the store's.
    ///
    /// Whatever ends the process, either the old or the new store is there afterwards, whole.
    ///
    /// - Parameter time: nil when the old store is of no use any more.
    /// - Returns: the folder that the old store is kept in.
    package func replaceDataFile(with newFile: String, keepingOldAt time: Timestamp?) throws(CacheError) -> String? {
        var kept: String?
        if let time, holdsStore {
            let folder = try makeFolder("replaced", at: time)
            // A second name: the first one is there until the very moment when the new file gets it.
            guard link(dataFile, folder + "/data.mdb") == 0 else {
                let error = StorageFailure.system("keeping the old store in \(folder)")
                rmdir(folder)
                throw error
            }
            try PendingFile.synchronizeFolder(of: folder + "/data.mdb")
            kept = folder
        }
        // It says which commit of the old file is the newest. LMDB makes another one.
        guard unlink(path + "/lock.mdb") == 0 || errno == ENOENT else {
            throw StorageFailure.system("removing \(path)/lock.mdb")
        }
        guard rename(newFile, dataFile) == 0 else { throw StorageFailure.system("renaming \(newFile)") }
        DirectoryOwner.adopt(["data.mdb"], in: path)
        do throws(CacheError) {
            try PendingFile.synchronizeFolder(of: dataFile)
        } catch {
            throw CacheError(
                error.code,
                "the new store is in its place, but a power cut may bring the old one back: \(error.message)",
                detail: error.detail)
        }
        return kept
    }
}
