/// The body that is sent on: the client's own, byte for byte, but for what has to be different.
package struct UpstreamBody: Hashable, Sendable {
    package var bytes: [UInt8]
    /// Whether the stream will end with a usage that the client has not asked for, and is not to see.
    package var addsStreamUsage: Bool
}

extension ModelRequest {
    /// What keys of `metadata` begin with that are meant for the gateway alone.
    package static let metadataPrefixes = ["semblance-", "x-semblance-"]

    /// - Parameters:
    ///   - model: the upstream's name of the model; nil to leave the client's.
    ///   - asksForUsage: whether streams are to report their usage, as far as the API does not do so anyway.
    package func upstreamBody(model: String? = nil, asksForUsage: Bool = true) -> UpstreamBody {
        var edits = JSONEdits(document)
        if let model, model != self.model {
            var name = JSONWriter()
            name.string(model)
            edits.setMember("model", of: document.root, to: name.bytes)
        }
        let addsStreamUsage = asksForUsage && isStream && !wantsStreamUsage
        if addsStreamUsage {
            if let options = document.root.present("stream_options") {
                edits.setMember("include_usage", of: options, to: Array("true".utf8))
            } else {
                edits.setMember("stream_options", of: document.root, to: Array(#"{"include_usage":true}"#.utf8))
            }
        }
        removeOwnMetadata(&edits)
        return UpstreamBody(bytes: edits.isEmpty ? document.bytes : edits.apply(), addsStreamUsage: addsStreamUsage)
    }

    private func removeOwnMetadata(_ edits: inout JSONEdits) {
        guard let metadata = document.root.present("metadata"), metadata.kind == .object else { return }
        // Some providers refuse metadata, even empty, where it makes no sense to them.
        if !metadata.isEmpty, metadata.members.allSatisfy({ Self.isOwnMetadata($0.name) }) {
            edits.removeMember("metadata", of: document.root)
        } else {
            edits.removeMembers(of: metadata, where: Self.isOwnMetadata)
        }
    }

    static func isOwnMetadata(_ name: String) -> Bool {
        let name = name.lowercased()
        return metadataPrefixes.contains { name.hasPrefix($0) }
    }
}
