import ArgumentParser
import Glibc

/// The balancer's terminal messages. They have nginx's format, because scripts may parse them.
enum BalancerMessage {
    static func say(_ line: String) { write("millrace: \(line)\n") }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(2, bytes, bytes.count)
    }

    /// An error that ends the process.
    static func emergency(_ text: String) -> CommandFailure {
        CommandFailure(description: "[emerg] \(text)")
    }

    /// nginx's `-v` and `-V`: the version of nginx that the balancer is compatible with, and the balancer's modules.
    static func version(withBuild: Bool) {
        write("nginx version: nginx/1.29.8 (millrace \(Millrace.versionNumber))\n")
        guard withBuild else { return }
        #if DEBUG
            let build = "debug"
        #else
            let build = "release"
        #endif
        let arguments = present.map { "--with-\($0)" } + absent.map { "--without-\($0)" }
        write("built with Swift, \(build)\nconfigure arguments: \(arguments.joined(separator: " "))\n")
    }

    /// The balancer has these modules. nginx has them only if it was built with `--with-…`.
    private static let present = ["threads", "http_realip_module", "http_stub_status_module"]

    /// The balancer does not have these modules. nginx has them by default.
    private static let absent = [
        "http_charset_module", "http_gzip_module", "http_ssi_module", "http_userid_module", "http_auth_basic_module",
        "http_mirror_module", "http_autoindex_module", "http_geo_module", "http_split_clients_module",
        "http_referer_module", "http_proxy_module", "http_uwsgi_module", "http_scgi_module", "http_grpc_module",
        "http_memcached_module", "http_empty_gif_module", "http_browser_module", "http-cache",
    ]
}
