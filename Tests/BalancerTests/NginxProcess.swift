import Glibc
import Supervisor
import TestSupport

/// Debian's nginx on a free port, with the configuration of a test. Tests compare the balancer with it.
final class NginxProcess {
    let address: String
    private let program: Program
    private let folder = TemporaryFolder()

    /// - Parameter text: a configuration like that of ``Harness/text(_:upstream:http:server:location:listen:)``.
    init(text: String) throws {
        let port = freePort()
        address = "127.0.0.1:\(port)"
        for name in ["logs", "tmp"] { mkdir(folder.file(name), 0o700) }
        let temporary = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"].map { "\($0)_temp_path tmp/\($0);" }
        var text = text.replacing("%PORT%", with: String(port))
        text.replace("http {", with: "http { " + temporary.joined(separator: " "), maxReplacements: 1)
        // If root starts nginx, its workers run as another user by default. This user has no access to the nodes'
        // sockets.
        if getuid() == 0 { text = "user root;\n" + text }
        let file = try folder.write("pid nginx.pid;\n" + text, to: "nginx.conf")
        program = try Program(StockNginx.path ?? "nginx", ["-e", "stderr", "-c", file, "-p", folder.path])
        try eventually("nginx listens") {
            if let exit = program.process.exit {
                throw TestFailure("nginx \(exit): \(program.standardError)")
            }
            // If another program has taken the port after `freePort`, the port is open, but nginx reports that bind()
            // failed.
            return isListening(port) && !program.standardError.contains("bind() to")
        }
    }

    func ask(_ text: String, isHead: Bool = false) throws -> RawClient.Response {
        let client = try RawClient(address)
        client.send(text)
        return try client.response(isHead: isHead)
    }
}
