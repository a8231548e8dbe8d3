package import NginxConfig
internal import Bytes
internal import Glibc
internal import Reactor

/// Writes error log lines in nginx's format, to each `error_log` of one context of the configuration.
package final class ErrorLogger: Sendable {
    private struct Output: Sendable {
        let file: LogFile
        /// Lines of a lower rank are not written.
        let rank: Int
    }

    private let outputs: [Output]

    /// If `logs` is empty, lines of level `error` and above go to stderr.
    package init(_ logs: [ErrorLog], files: LogFiles) throws(LogFiles.OpenError) {
        var outputs: [Output] = []
        for log in logs {
            switch log.destination {
            case .standardError: outputs.append(Output(file: files.standardError, rank: Self.rank(log.level)))
            case .file(let path): outputs.append(Output(file: try files.open(path), rank: Self.rank(log.level)))
            }
        }
        if outputs.isEmpty { outputs = [Output(file: files.standardError, rank: Self.rank(.error))] }
        self.outputs = outputs
    }

    /// 0 for `debug`; grows with severity.
    private static func rank(_ level: ErrorLog.Level) -> Int { ErrorLog.Level.allCases.firstIndex(of: level)! }

    package func isLogged(_ level: ErrorLog.Level) -> Bool {
        let rank = Self.rank(level)
        return outputs.contains { rank >= $0.rank }
    }

    /// Writes one line, for example `2026/11/23 21:02:11 [error] 4711#0: message`.
    ///
    /// Control characters are escaped (a line feed is `\x0A`), so that quoted client data cannot add a line.
    package func log(_ level: ErrorLog.Level, _ message: @autoclosure () -> String) {
        let rank = Self.rank(level)
        guard outputs.contains(where: { rank >= $0.rank }) else { return }
        let time = TimeText()
        time.update(to: .current)
        var line = time.errorLog
        line += Array(" [\(level.rawValue)] \(getpid())#0: ".utf8)
        for byte in message().utf8 {
            if byte.isControl {
                line += Array("\\x".utf8)
                line.append(capitalHex: byte)
            } else {
                line.append(byte)
            }
        }
        line.append(ASCII.lineFeed)
        for output in outputs where rank >= output.rank { output.file.write(line) }
    }
}
