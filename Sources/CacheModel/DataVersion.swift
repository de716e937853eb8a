/// The timeline in which a source's versions are compared. A source that was reset to an earlier point in time starts a new one,
/// named by the position of the reset; `Generation.zero` is the first.
public typealias Generation = Position

/// What is known of the state in which a source was read.
public enum DataVersion: Hashable, Sendable {
    /// Nothing: only a lease can tell that the source has not changed since.
    case unnamed
    /// A number that grows: a table version, an offset, a build number.
    case ordered(UInt64, generation: Generation = .zero)
    /// An opaque string: a commit, an ETag, a snapshot id. 1 through `Limits.labelBytes` bytes of UTF-8.
    case labelled(String)
}

/// One thing that a stored answer was built from.
public struct Dependency: Hashable, Sendable {
    /// A name such as `kb/refunds`: 1 through `Limits.sourceBytes` bytes of UTF-8.
    public var source: String
    public var version: DataVersion

    public init(_ source: String, _ version: DataVersion = .unnamed) {
        self.source = source
        self.version = version
    }
}
