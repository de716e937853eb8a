#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What one of the two first pages of an LMDB 0.9 file says, read without mapping the file.
///
/// Page header 16 bytes; then magic, version, fixed address, map size, two databases of 48 bytes each, last page, transaction
/// number. The page size stands where the free list's database has its padding field.
struct MetaPage {
    var transaction: UInt64
    var lastPage: UInt64
    var pageBytes: UInt32

    private static let byteCount = 16 + 136

    /// The length that the file must have; nil when that is no sensible number.
    var fileBytes: Int? {
        let (pages, carry) = lastPage.addingReportingOverflow(1)
        let (bytes, overflow) = pages.multipliedReportingOverflow(by: UInt64(pageBytes))
        return carry || overflow ? nil : Int(exactly: bytes)
    }

    /// Nil when neither page is one.
    static func newest(of file: CInt) -> MetaPage? {
        let pages = [0, Int(sysconf(CInt(_SC_PAGESIZE)))].compactMap { MetaPage(file: file, offset: $0) }
        return pages.max { $0.transaction < $1.transaction }
    }

    private init?(file: CInt, offset: Int) {
        var page = [UInt8](repeating: 0, count: Self.byteCount)
        guard pread(file, &page, page.count, off_t(offset)) == page.count else { return nil }
        func field<Value: FixedWidthInteger>(_ offset: Int, _: Value.Type = Value.self) -> Value {
            page.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
        }
        guard field(16, UInt32.self) == 0xBEEF_C0DE, field(20, UInt32.self) & 0xFFFF == 1 else { return nil }
        pageBytes = field(40)
        lastPage = field(136)
        transaction = field(144)
        guard (512...65_536).contains(pageBytes) else { return nil }
    }
}
