import Foundation

/// A cache and a gateway in front of it, both as they are released, with a folder of their own.
final class Services {
    let gateway: Child
    let port: Int
    private let cache: Child
    private let folder: URL

    /// - Parameter settings: of the gateway, by the keys of its configuration.
    init(binaries: URL, settings: [String: String]) throws {
        folder = try Services.temporaryFolder()
        let socket = folder.appending(path: "cache.sock").path
        cache = try Child(
            binaries.appending(path: "semblance").path,
            [
                "serve", "--listen", "unix:\(socket)", "--metrics-listen", "off",
                "--data", folder.appending(path: "data").path,
            ],
            log: folder.appending(path: "cache.log"))
        for _ in 0..<500 where !FileManager.default.fileExists(atPath: socket) { usleep(10_000) }
        var all = ["listen": "127.0.0.1:0", "cache.address": "unix:\(socket)", "routes": "*=fake", "upstreams": "fake"]
        all.merge(settings) { _, given in given }
        do {
            gateway = try Child(
                binaries.appending(path: "semblance-gateway").path,
                ["serve", "--log-level", "error"] + all.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0)=\($1)"] },
                log: folder.appending(path: "gateway.log"))
            guard let port = Int(try gateway.announcement(after: "http://127.0.0.1:")) else {
                throw Failure("the gateway does not say its port")
            }
            self.port = port
        } catch {
            let log = try? String(contentsOf: folder.appending(path: "gateway.log"), encoding: .utf8)
            cache.end()
            throw Failure("\(error)\n\(log ?? "")")
        }
    }

    func end() {
        gateway.end()
        cache.end()
        try? FileManager.default.removeItem(at: folder)
    }

    static func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "gateway-benchmark-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}

/// nginx as a plain reverse proxy that keeps its connections, and with one answer of its own.
final class PlainProxy {
    let port: Int
    let child: Child
    private let folder: URL

    /// - Parameter answer: the body of `/own`; without apostrophes and dollars.
    init(upstreamPort: Int, answer: String) throws {
        folder = try Services.temporaryFolder()
        port = try Self.freePort()
        let text = """
            daemon off;
            master_process off;
            pid \(folder.path)/nginx.pid;
            error_log stderr error;
            events { worker_connections 4096; }
            http {
                access_log off;
                client_body_temp_path \(folder.path)/body;
                proxy_temp_path \(folder.path)/proxy;
                fastcgi_temp_path \(folder.path)/fastcgi;
                uwsgi_temp_path \(folder.path)/uwsgi;
                scgi_temp_path \(folder.path)/scgi;
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
        let configuration = folder.appending(path: "nginx.conf")
        try text.write(to: configuration, atomically: true, encoding: .utf8)
        child = try Child(
            "/usr/sbin/nginx", ["-p", folder.path, "-c", configuration.path], log: folder.appending(path: "nginx.log"))
        for _ in 0..<500 {
            if let connection = try? Connection(port: port) {
                connection.close()
                return
            }
            usleep(10_000)
        }
        throw Failure("nginx does not listen")
    }

    func end() {
        child.end()
        try? FileManager.default.removeItem(at: folder)
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { _ = close(descriptor) }
        var address = Connection.loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
            }
        }
        guard status == 0 else { throw Failure("there is no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
