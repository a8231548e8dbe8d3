import FoundationEssentials
import Glibc
import Supervisor
import TestSupport

/// Debian's nginx with `proxy/nginx.conf` and the addresses of a test.
final class RunningNginx: Sendable {
    let port: UInt16
    let program: Program
    private let folder = TemporaryFolder()

    init(nodes: [String], areSockets: Bool = true) throws {
        port = freePort()
        let file = packageFolder + "/proxy/nginx.conf"
        let shipped = try String(contentsOfFile: file, encoding: .utf8)
        var text: [String] = []
        var hasNodes = false
        for line in shipped.split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.split(separator: " ")
            switch words.first {
            case "listen": text.append("listen 127.0.0.1:\(port);")
            case "server" where words.count > 1 && words[1] != "{":
                if !hasNodes {
                    text += nodes.map { "server \(areSockets ? "unix:" : "")\($0) max_conns=1024;" }
                }
                hasNodes = true
            default: text.append(String(line))
            }
        }
        // If root starts nginx, its workers run as another user by default. This user has no access to the nodes'
        // sockets.
        if getuid() == 0 { text.insert("user root;", at: 0) }
        let configuration = try folder.write(text.joined(separator: "\n"), to: "nginx.conf")
        mkdir(folder.file("logs"), 0o755)
        program = try Program(StockNginx.path ?? "/usr/sbin/nginx", ["-c", configuration, "-p", folder.path])
        try eventually("nginx listens") {
            if let exit = program.process.exit {
                throw TestFailure("nginx \(exit): \(program.standardError)")
            }
            return isListening(port)
        }
    }
}

/// The folder of this package.
let packageFolder: String = {
    var parts = #filePath.split(separator: "/")
    parts.removeLast(4)
    return "/" + parts.joined(separator: "/")
}()
