/// Finds misspelt variables: those that begin with `MILLRACE_` and that no process reads.
extension Settings {
    /// Warnings for the user. Each is one line and does not contain the variable's value.
    package var warnings: [String] {
        if merged[Self.hasWarned] != nil { return [] }
        return merged.keys.filter { $0.hasPrefix("MILLRACE_") && !Self.known.contains($0) }.sorted().map { name in
            let similar = Self.known.filter { Self.difference($0, name) <= 3 }.min {
                (Self.difference($0, name), $0) < (Self.difference($1, name), $1)
            }
            return "\(name) is not a variable of Millrace\(similar.map { "; did you mean \($0)?" } ?? "")"
        }
    }

    /// A process that has shown the warnings sets this variable for its children. Then the children do not warn again.
    package static let hasWarned = "MILLRACE_HAS_WARNED"

    static let known: Set<String> = [
        EnvironmentVariables.listen.name,
        EnvironmentVariables.upstream.name,
        EnvironmentVariables.trustedProxies.name,
        EnvironmentVariables.configurationFile.name,
        EnvironmentVariables.prefix.name,
        EnvironmentVariables.errorLog.name,
        EnvironmentVariables.directives.name,
        EnvironmentVariables.accessLog.name,
        EnvironmentVariables.apiListen.name,
        EnvironmentVariables.socketMode.name,
        EnvironmentVariables.socketGroup.name,
        EnvironmentVariables.apiThreads.name,
        EnvironmentVariables.apiConnections.name,
        EnvironmentVariables.adminToken.name,
        EnvironmentVariables.anonymous.name,
        EnvironmentVariables.queueLimit.name,
        EnvironmentVariables.cacheTTL.name,
        EnvironmentVariables.cacheMaxEntries.name,
        EnvironmentVariables.cacheKey.name,
        EnvironmentVariables.idempotencyTTL.name,
        EnvironmentVariables.keepFailedInput.name,
        EnvironmentVariables.resultRetention.name,
        EnvironmentVariables.concurrency.name,
        EnvironmentVariables.metrics.name,
        EnvironmentVariables.dataFolder.name,
        EnvironmentVariables.nodeCount.name,
        EnvironmentVariables.workerCount.name,
        EnvironmentVariables.user.name,
        EnvironmentVariables.url.name,
        EnvironmentVariables.key.name,
        EnvironmentVariables.wait.name,
        EnvironmentVariables.json.name,
        EnvironmentVariables.logLevel.name,
        EnvironmentVariables.logFormat.name,
        // Passed from one process to the next.
        hasWarned, "MILLRACE_DAEMON_PROCESS", "MILLRACE_LISTENERS",
        // A web server passes it to a CGI program.
        "MILLRACE_REQUEST_KEY",
        // Only `docker compose` uses these two. They can be in its `.env` file. A Millrace command that runs in the
        // same folder reads this file too, and must not warn about them.
        "MILLRACE_IMAGE", "MILLRACE_PORT",
    ]

    /// The Levenshtein distance of two names.
    private static func difference(_ one: String, _ other: String) -> Int {
        let other = Array(other.utf8)
        var row = Array(0...other.count)
        for (index, byte) in one.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let change = diagonal + (byte == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, diagonal + 1, row[column] + 1)
            }
        }
        return row[other.count]
    }
}
