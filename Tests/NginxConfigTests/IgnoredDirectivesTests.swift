import FoundationEssentials
import TestSupport
import Testing

@testable import NginxConfig

struct IgnoredDirectivesTests {
    /// Directives that only tune nginx's internals, as in the files that distributions ship.
    private static let text = """
        pcre_jit on;
        events { use epoll; multi_accept on; accept_mutex off; accept_mutex_delay 100ms; worker_connections 64; }
        http {
            sendfile on; tcp_nopush on; tcp_nodelay on; server_tokens off;
            types_hash_max_size 2048; types_hash_bucket_size 64;
            server_names_hash_max_size 512; server_names_hash_bucket_size 64;
            variables_hash_max_size 1024; variables_hash_bucket_size 64;
            map_hash_max_size 2048; map_hash_bucket_size 64;
            connection_pool_size 512; request_pool_size 4k;
            fastcgi_buffering on; fastcgi_buffers 16 16k; fastcgi_buffer_size 16k; fastcgi_busy_buffers_size 32k;
            fastcgi_max_temp_file_size 0; fastcgi_temp_file_write_size 32k;
            server { location / { fastcgi_buffering off; } }
        }
        """

    @Test func `Directives that only tune nginx are accepted`() throws {
        #expect(fault(Self.text) == nil)
        #expect(fault("events {} http { client_body_temp_path a 1 2; fastcgi_temp_path b; proxy_temp_path c; }") == nil)
    }

    @Test(.enabled(if: StockNginx.isPresent)) func `nginx accepts these directives, too`() throws {
        #expect(try StockNginx.complaint(about: Self.text) == nil)
    }

    @Test func `The balancer accepts the file for stock nginx`() throws {
        var folder = #filePath.split(separator: "/").dropLast(3)
        folder.append(contentsOf: ["proxy", "nginx.conf"])
        let bytes = try #require(contents(of: "/" + folder.joined(separator: "/")))
        #expect(fault(bytes) == nil)
    }

    private func contents(of path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
