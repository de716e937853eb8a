package import CacheStorage
package import HashTreeCollections

/// The index of every namespace's content, as of one commit.
package struct StoreView: Sendable {
    /// But for the one that was changed last: it is changed for every row of an insert, and to find it each time takes longer than
    /// the change.
    private var others: TreeDictionary<ContentIdentifier, NamespaceIndex> = [:]
    private var changedLast: ContentIdentifier?
    private var indexChangedLast: NamespaceIndex?

    package init() {}

    package var contents: TreeDictionary<ContentIdentifier, NamespaceIndex> {
        var all = others
        if let changedLast, let indexChangedLast { all[changedLast] = indexChangedLast }
        return all
    }

    package subscript(content: ContentIdentifier) -> NamespaceIndex? {
        _read {
            if content == changedLast { yield indexChangedLast } else { yield others[content] }
        }
        _modify {
            if content != changedLast {
                if let changedLast, let indexChangedLast { others[changedLast] = indexChangedLast }
                indexChangedLast = others.removeValue(forKey: content)
                changedLast = content
            }
            yield &indexChangedLast
        }
    }
}
