import Hummingbird
import Logging
import NIOCore

/// What Hummingbird tells of a request besides the request.
struct GatewayContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) { channel = source.channel }
}
