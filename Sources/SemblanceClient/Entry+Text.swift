public import CacheModel

extension StoredEntry {
    /// The payload as text; nil when it is not UTF-8, or was left out of the reply.
    public var text: String? { payload.flatMap { String(validating: $0, as: UTF8.self) } }
}

extension Hit {
    /// The stored answer as text; nil when it is not UTF-8, or was left out of the reply.
    public var text: String? { entry.text }
}

extension LookupReply {
    /// The best hit; nil for a miss.
    public var hit: Hit? {
        if case .hits(let hits) = outcome { hits.first } else { nil }
    }

    /// The best hit's answer as text; nil for a miss.
    public var text: String? { hit?.text }
}

extension Insertion {
    /// An answer that is text.
    public init(
        scope: Scope = .shared, key: ExactKey? = nil, vector: [Float]? = nil, prompt: String? = nil, text: String,
        contentType: String = "text/plain; charset=utf-8", dependencies: [Dependency] = [], tags: [String] = [],
        expiresAt: Timestamp? = nil, costSavedNanodollars: UInt64 = 0, lease: Lease? = nil
    ) {
        self.init(
            scope: scope, key: key, vector: vector, prompt: prompt, payload: Array(text.utf8),
            contentType: contentType, dependencies: dependencies, tags: tags, expiresAt: expiresAt,
            costSavedNanodollars: costSavedNanodollars, lease: lease)
    }
}
