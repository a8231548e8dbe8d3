/// The settings of a private cluster. Each line has a setting and the reason for its value.
package struct PostgresSettings: Sendable {
    /// Enough for the sessions of all nodes and workers, and for a few administrators.
    package var maxConnections = 200
    /// `shared_buffers` in MiB. A small value is enough: the table of unfinished tasks is small, and the large tables
    /// are rarely read.
    package var sharedBuffers = 128
    /// Whether commits are written to disk. `false` only in tests whose data need not survive a crash of the machine.
    package var isDurable = true

    package init() {}

    func lines(socketFolder: String, socketMode: String) -> [(name: String, value: String, reason: String)] {
        [
            ("listen_addresses", "", "only the unix socket accepts connections"),
            ("unix_socket_directories", socketFolder, "the folder of this cluster's socket only"),
            ("unix_socket_permissions", socketMode, "for root, the clients are other users than PostgreSQL's"),
            ("port", "5432", "part of the socket's name"),
            ("max_connections", "\(maxConnections)", "the connections of all nodes and workers, and some more"),
            ("shared_buffers", "\(sharedBuffers)MB", "enough for the queue, the cache's index and recent results"),
            ("fsync", isDurable ? "on" : "off", "an accepted task must be on disk"),
            ("synchronous_commit", "on", "an accepted task must be on disk; other statements turn it off"),
            ("full_page_writes", isDurable ? "on" : "off", "repairs torn pages after a crash"),
            ("wal_buffers", "16MB", "a batch of large inputs fits into the buffer until its commit"),
            ("max_wal_size", "2GB", "checkpoints by time, not by volume, because each causes full page images"),
            ("min_wal_size", "256MB", "reuses WAL segments instead of creating new ones"),
            ("checkpoint_timeout", "15min", "fewer checkpoints; recovery after a crash still takes only seconds"),
            ("random_page_cost", "1.1", "for solid state disks"),
            ("jit", "off", "compiling takes longer than these statements"),
            ("max_parallel_workers_per_gather", "0", "short statements; and without workers /dev/shm can be small"),
            ("autovacuum_naptime", "10s", "the rows of a queue are deleted soon"),
            ("log_destination", "stderr", "the supervisor reads the log"),
            ("logging_collector", "off", "the supervisor reads the log"),
            ("log_line_prefix", "", "the supervisor adds the name"),
            ("log_min_messages", "warning", "no line for each checkpoint"),
            ("log_checkpoints", "off", "no line for each checkpoint"),
            ("log_min_error_statement", "panic", "statements may contain a task's input, which must not be logged"),
            ("log_error_verbosity", "terse", "DETAIL lines may contain a task's input"),
            ("log_timezone", "UTC", "all times are in UTC"),
            ("timezone", "UTC", "all times are in UTC"),
            ("lc_messages", "C", "Millrace recognizes messages by their English text"),
        ]
    }

    /// The text of `postgresql.conf`.
    func rendered(socketFolder: String, socketMode: String) -> String {
        var text =
            "# millrace overwrites this file at every start. Put your own settings into custom.conf in this folder.\n"
        for (name, value, reason) in lines(socketFolder: socketFolder, socketMode: socketMode) {
            text +=
                "\(name) = '\(value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
            text += "  # \(reason)\n"
        }
        return text + "include_if_exists = 'custom.conf'\n"
    }
}
