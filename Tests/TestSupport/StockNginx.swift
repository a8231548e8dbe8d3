internal import Glibc

/// Debian's nginx, if it is installed. It is the reference for the meaning of a configuration.
package enum StockNginx {
    package static let path: String? = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].first { path in
        access(path, X_OK) == 0
    }
    package static var isPresent: Bool { path != nil }

    /// The error of `nginx -t` for a configuration, without `nginx: [emerg] ` and with `DIR` for the folder; nil if
    /// nginx accepts the configuration.
    ///
    /// nginx's temporary folders are set to a folder of the test, so that any user can run nginx.
    package static func complaint(about text: String) throws -> String? {
        guard let path else { return nil }
        let folder = TemporaryFolder()
        for name in ["logs", "tmp"] { mkdir(folder.file(name), 0o700) }
        let temporary = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"].map { "\($0)_temp_path tmp/\($0);" }
        let moved = text.replacing("http {", with: "http { " + temporary.joined(separator: " "), maxReplacements: 1)
        let file = try folder.write(moved, to: "nginx.conf")
        let nginx = try Program(path, ["-t", "-q", "-e", "stderr", "-p", folder.path, "-c", file])
        _ = try nginx.waitForExit()
        let lines = nginx.standardError.split(separator: "\n").map(String.init)
        for line in lines {
            guard let mark = line.firstRange(of: "[emerg] ") else { continue }
            // In a log, "PID#TID: " precedes the message.
            let message = line[mark.upperBound...].trimmingPrefix { $0.isNumber || $0 == "#" }
            return String(message.trimmingPrefix(": ")).replacing(folder.path, with: "DIR")
        }
        return nil
    }
}
