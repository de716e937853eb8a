package import CacheStorage
package import HashTreeCollections

/// The index of every namespace's content, as of one commit.
package struct StoreView: Sendable {
    package var contents: TreeDictionary<ContentIdentifier, NamespaceIndex> = [:]

    package init() {}

    package subscript(content: ContentIdentifier) -> NamespaceIndex? {
        get { contents[content] }
        set { contents[content] = newValue }
    }
}
