import Glibc

/// Debian's nginx as the judge of what a configuration means, where it is installed.
enum StockNginx {
    static let path: String? = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].first { path in
        access(path, X_OK) == 0
    }
    static var isPresent: Bool { path != nil }

    /// What `nginx -t` says about a text, without `nginx: [emerg] `, the folder shown as `DIR`; nil when it accepts.
    ///
    /// Its temporary folders are moved into a folder of the test's, so that any user can run it.
    static func complaint(about text: String) throws -> String? {
        guard let path else { return nil }
        let folder = try TemporaryFolder()
        let temporary = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"].map { "\($0)_temp_path tmp/\($0);" }
        let moved = text.replacing("http {", with: "http { " + temporary.joined(separator: " "), maxReplacements: 1)
        try folder.write(moved, to: "nginx.conf")
        let command = "\(path) -t -q -e stderr -p \(folder.path) -c \(folder.path)/nginx.conf 2>&1"
        let lines = run(command).split(separator: "\n").map(String.init)
        for line in lines {
            guard let mark = line.firstRange(of: "[emerg] ") else { continue }
            // Written to a log, the message comes behind "PID#TID: ".
            let message = line[mark.upperBound...].trimmingPrefix { $0.isNumber || $0 == "#" }
            return String(message.trimmingPrefix(": ")).replacing(folder.path, with: "DIR")
        }
        return nil
    }

    private static func run(_ command: String) -> String {
        guard let pipe = popen(command, "r") else { return "" }
        defer { pclose(pipe) }
        var output: [UInt8] = []
        while true {
            let byte = fgetc(pipe)
            if byte == EOF { return String(decoding: output, as: UTF8.self) }
            output.append(UInt8(byte))
        }
    }
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
    let path: String

    struct Failure: Error {
        let code: Int32
    }

    init() throws {
        var template = Array("/tmp/millrace-nginx-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        mkdir(path + "/logs", 0o700)
        mkdir(path + "/tmp", 0o700)
    }

    func write(_ text: String, to name: String) throws {
        guard let file = fopen("\(path)/\(name)", "w") else { throw Failure(code: errno) }
        defer { fclose(file) }
        let bytes = Array(text.utf8)
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure(code: errno) }
    }

    deinit {
        // Only what these tests and nginx put there.
        for name in ["nginx.conf", "millrace.pid", "nginx.pid", "logs/access.log", "logs/error.log", "access.json"] {
            unlink("\(path)/\(name)")
        }
        for name in ["logs", "tmp/client_body", "tmp/fastcgi", "tmp/proxy", "tmp/scgi", "tmp/uwsgi", "tmp"] {
            rmdir("\(path)/\(name)")
        }
        rmdir(path)
    }
}
