import BenchmarkHarness
import Foundation

/// A cache and a gateway in front of it, both as they are released, with a folder of their own.
final class Services {
    let gateway: Child
    let port: Int
    private let cache: Child
    private let folder: TemporaryFolder

    /// - Parameter settings: of the gateway, by the keys of its configuration.
    init(binaries: URL, settings: [String: String]) throws {
        folder = try TemporaryFolder("gateway-benchmark")
        let socket = folder["cache.sock"].path
        cache = try Child(
            binaries.appending(path: "semblance").path,
            [
                "serve", "--listen", "unix:\(socket)", "--metrics-listen", "off",
                "--data", folder["data"].path,
            ],
            log: folder["cache.log"])
        for _ in 0..<500 where !FileManager.default.fileExists(atPath: socket) { usleep(10_000) }
        var all = ["listen": "127.0.0.1:0", "cache.address": "unix:\(socket)", "routes": "*=fake", "upstreams": "fake"]
        all.merge(settings) { _, given in given }
        do {
            gateway = try Child(
                binaries.appending(path: "semblance-gateway").path,
                ["serve", "--log-level", "error"] + all.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0)=\($1)"] },
                log: folder["gateway.log"])
            guard let port = Int(try gateway.announcement(after: "http://127.0.0.1:")) else {
                throw Failure("the gateway does not say its port")
            }
            self.port = port
        } catch {
            cache.end()
            throw error
        }
    }

    func end() {
        gateway.end()
        cache.end()
        folder.remove()
    }
}

/// nginx as a plain reverse proxy that keeps its connections, and with one answer of its own.
final class PlainProxy {
    let port: Int
    let child: Child
    private let folder: TemporaryFolder

    /// - Parameter answer: the body of `/own`; without apostrophes and dollars.
    init(upstreamPort: Int, answer: String) throws {
        folder = try TemporaryFolder("gateway-benchmark")
        port = try LoopbackPort.free()
        let text = """
            daemon off;
            master_process off;
            pid \(folder.url.path)/nginx.pid;
            error_log stderr error;
            events { worker_connections 4096; }
            http {
                access_log off;
                client_body_temp_path \(folder.url.path)/body;
                proxy_temp_path \(folder.url.path)/proxy;
                fastcgi_temp_path \(folder.url.path)/fastcgi;
                uwsgi_temp_path \(folder.url.path)/uwsgi;
                scgi_temp_path \(folder.url.path)/scgi;
                keepalive_requests 100000000;
                tcp_nodelay on;
                upstream model { server 127.0.0.1:\(upstreamPort); keepalive 256; keepalive_requests 100000000; }
                server {
                    listen 127.0.0.1:\(port) backlog=2048;
                    location = /own { default_type application/json; return 200 '\(answer)'; }
                    location / {
                        proxy_pass http://model;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_buffering off;
                    }
                }
            }
            """
        let configuration = folder["nginx.conf"]
        try text.write(to: configuration, atomically: true, encoding: .utf8)
        child = try Child(
            "/usr/sbin/nginx", ["-p", folder.url.path, "-c", configuration.path], log: folder["nginx.log"])
        try LoopbackPort.wait(for: port, "nginx")
    }

    func end() {
        child.end()
        folder.remove()
    }
}
