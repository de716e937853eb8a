package import CacheModel

/// Whether a stored answer rests on the data that a request says its answer rests on.
///
/// The cache sees to it that nothing is served whose data it knows to have changed. A request may know more: that its
/// answer rests on a source of which the stored one knows nothing, so that no news of that source would ever reach it;
/// or on a version that the cache has not heard of yet.
package enum DependencyCoverage {
    /// - Parameters:
    ///   - stored: of the stored answer.
    ///   - wanted: of the request. What it names without a version may be there in any.
    /// - Returns: whether every source that is wanted is among the stored ones, and in no older version. Versions that
    ///   cannot be compared do not count: other labels, other generations, or a version that only a lease vouches for.
    package static func covers(_ stored: [Dependency], _ wanted: [Dependency]) -> Bool {
        guard !wanted.isEmpty else { return true }
        var versions: [Name: DataVersion] = [:]
        for dependency in stored { versions[Name(dependency.source)] = dependency.version }
        return wanted.allSatisfy { wanted in
            guard let version = versions[Name(wanted.source)] else { return false }
            switch (version, wanted.version) {
            case (_, .unnamed): return true
            case (.ordered(let number, let generation), .ordered(let least, let wantedGeneration)):
                return generation == wantedGeneration && number >= least
            case (.labelled(let label), .labelled(let wantedLabel)): return Name(label) == Name(wantedLabel)
            case (.unnamed, _), (.ordered, .labelled), (.labelled, .ordered): return false
            }
        }
    }
}
