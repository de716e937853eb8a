import CacheModel
import CacheServer
import ServiceLifecycle

/// Looks each second whether the certificate has been renewed.
struct CertificateWatch: Service {
    private static let interval = Duration.seconds(1)

    let credentials: TLSCredentials

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil {
                try? await OwnThread.run { () throws(CacheError) in credentials.look() }
            }
        }
    }
}
