/// How a private cluster is tuned. Each line is a setting and why it is not left at PostgreSQL's default.
package struct PostgresSettings: Sendable {
    /// Sessions of all nodes and workers, and a few to look in with psql.
    package var maxConnections = 200
    /// MiB. The hot table is small by design; what is large is read rarely.
    package var sharedBuffers = 128
    /// Whether an accepted task has to survive a crash. Off only for tests that do not crash the machine.
    package var isDurable = true

    package init() {}

    func lines(socketFolder: String) -> [(name: String, value: String, reason: String)] {
        [
            ("listen_addresses", "", "reachable through the socket folder only"),
            ("unix_socket_directories", socketFolder, "its mode decides who may connect"),
            ("unix_socket_permissions", "0700", "see pg_hba.conf: whoever reaches the socket is trusted"),
            ("port", "5432", "part of the socket's name"),
            ("max_connections", "\(maxConnections)", "what nodes and workers may open together, and some"),
            ("shared_buffers", "\(sharedBuffers)MB", "holds the queue, the cache's index and today's results"),
            ("fsync", isDurable ? "on" : "off", "an accepted task is on disk"),
            ("synchronous_commit", "on", "the same; statements that may be lost turn it off for themselves"),
            ("full_page_writes", isDurable ? "on" : "off", "torn pages are mended after a crash"),
            ("wal_buffers", "16MB", "batches of large inputs commit without an early write"),
            ("max_wal_size", "2GB", "checkpoints by time, not by volume: they cost full page images"),
            ("min_wal_size", "256MB", "segments are used again instead of made anew"),
            ("checkpoint_timeout", "15min", "the same; bounds the replay after a crash to seconds all the same"),
            ("random_page_cost", "1.1", "solid state disks"),
            ("jit", "off", "statements take less time than compiling them"),
            ("max_parallel_workers_per_gather", "0", "the same; and needs no large /dev/shm in a container"),
            ("autovacuum_naptime", "10s", "a queue's rows die young"),
            ("log_destination", "stderr", "goes to the log of whoever started it"),
            ("logging_collector", "off", "the same"),
            ("log_line_prefix", "", "the time and the name are put in front by the reader"),
            ("log_min_messages", "warning", "one line per checkpoint is nobody's news"),
            ("log_checkpoints", "off", "the same"),
            ("log_min_error_statement", "panic", "a statement can hold a task's input, which belongs in no log"),
            ("log_error_verbosity", "terse", "the same for DETAIL lines"),
            ("log_timezone", "UTC", "times are UTC everywhere"),
            ("timezone", "UTC", "the same"),
            ("lc_messages", "C", "messages are searched for in one language"),
        ]
    }

    /// The text of `postgresql.conf`.
    func rendered(socketFolder: String) -> String {
        var text =
            "# Written anew by millrace at every start. Put settings of your own into custom.conf beside this file.\n"
        for (name, value, reason) in lines(socketFolder: socketFolder) {
            text +=
                "\(name) = '\(value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
            text += "  # \(reason)\n"
        }
        return text + "include_if_exists = 'custom.conf'\n"
    }
}
