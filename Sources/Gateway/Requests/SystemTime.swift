import CacheModel
import FoundationEssentials

/// The wall clock.
enum SystemTime {
    static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) }
}
