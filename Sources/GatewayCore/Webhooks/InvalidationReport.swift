package import CacheModel

/// What became of the news in a webhook, as its sender is told.
package struct InvalidationReport: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        package var request: InvalidationRequest
        package var outcome: Result<InvalidationReceipt, CacheError>

        package init(_ request: InvalidationRequest, _ outcome: Result<InvalidationReceipt, CacheError>) {
            self.request = request
            self.outcome = outcome
        }
    }

    /// In the order of the body.
    package var items: [Item]

    package init(_ items: [Item]) { self.items = items }

    /// 200 only when all of it holds, durably. Otherwise the worst of the errors: one that passes goes before all
    /// others, so that the sender sends all of it again, which changes nothing where it holds already.
    package var status: Int {
        let errors = items.compactMap { item -> Int? in
            if case .failure(let error) = item.outcome { Self.told(error).code.status } else { nil }
        }
        return errors.max() ?? 200
    }

    /// Whether the delivery is done with: sent again under its identifier, it would be told the same.
    package var isFinal: Bool { status != 503 }

    package var retryAfterSeconds: Int? {
        items.compactMap { item -> Int? in
            if case .failure(let error) = item.outcome { Self.told(error).retryAfterSeconds } else { nil }
        }.max()
    }

    package func body() -> [UInt8] {
        JSONWriter.object { json in
            json.arrayMember("invalidations") { json in
                for item in items { json.object { Self.write(item, to: &$0) } }
            }
        }
    }

    private static func write(_ item: Item, to json: inout JSONWriter) {
        json.member("source", item.request.invalidation.source)
        if let namespace = item.request.namespace { json.member("namespace", namespace) }
        switch item.outcome {
        case .success(let receipt):
            json.member("changed", receipt.changed)
            json.member("position", receipt.position.description)
        case .failure(let error):
            let told = told(error)
            json.objectMember("error") { json in
                json.member("code", told.code.rawValue)
                json.member("message", told.message)
            }
        }
    }

    private static func told(_ error: CacheError) -> GatewayError { GatewayError(error, during: .invalidation) }
}
