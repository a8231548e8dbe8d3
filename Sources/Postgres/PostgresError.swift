internal import CPostgres

/// A failure of the database or of the connection to it. It never contains a connection string, parameter or row.
package struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// The connection string is malformed.
        case configuration
        /// No connection could be opened.
        case connectionFailed
        /// The connection ended during a statement. It is unknown whether the statement took effect.
        case connectionLost
        /// The answer did not arrive in time, and the connection was closed. It is unknown whether the statement took
        /// effect.
        case timedOut
        /// All connections of the pool were busy until the caller's timeout.
        case poolExhausted
        /// The session takes no writes: the server is a standby, or `default_transaction_read_only` is on. The
        /// statement had no effect. A new session may lead to a server that takes writes.
        case readOnly
        /// The schema of the database is missing, or too old for this program. The statement had no effect.
        case schema
        /// The server reported an error for the statement.
        case server
    }

    package let kind: Kind
    /// PostgreSQL's error code (PostgreSQL documentation, appendix A), if the server sent one.
    package let sqlState: String?
    package let message: String

    package init(_ kind: Kind, sqlState: String? = nil, message: String) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = message
    }

    package var description: String {
        sqlState.map { "\(message) (\($0))" } ?? message
    }

    /// Whether the connection is lost, so that the next statement needs a new one.
    package var isConnectionLost: Bool {
        switch kind {
        case .configuration, .connectionFailed, .connectionLost, .timedOut, .readOnly, .schema: true
        case .poolExhausted, .server: false
        }
    }

    /// Whether the statement may have taken effect although it failed.
    package var mayHaveTakenEffect: Bool { kind == .connectionLost || kind == .timedOut }

    /// Whether another attempt to connect can succeed: the server is full, starting, stopping or not reachable.
    package var isConnectRetryable: Bool {
        switch (kind, sqlState) {
        case (.connectionFailed, nil), (.connectionLost, _), (.timedOut, _): true
        // 53300: too_many_connections, 57P03: cannot_connect_now, 57P01: admin_shutdown, 57P02: crash_shutdown
        case (.connectionFailed, "53300"), (.connectionFailed, "57P03"), (.connectionFailed, "57P01"),
            (.connectionFailed, "57P02"):
            true
        default: false
        }
    }

    /// Whether the transaction was rolled back because of concurrent transactions and can be run again:
    /// serialization_failure, deadlock_detected.
    package var isTransactionRetryable: Bool { kind == .server && (sqlState == "40001" || sqlState == "40P01") }

    /// unique_violation
    package var isDuplicate: Bool { kind == .server && sqlState == "23505" }

    /// lock_not_available: another transaction held a row lock for longer than the session's `lock_timeout`.
    package var isLockTimeout: Bool { kind == .server && sqlState == "55P03" }
}

extension PostgresError {
    /// The server's error message. It leaves out detail, hint and context, because they may contain rows.
    init(_ result: OpaquePointer) {
        let sqlState = PQresultErrorField(result, millrace_diag_sqlstate()).map { String(cString: $0) }
        let primary = PQresultErrorField(result, millrace_diag_message_primary()).map { String(cString: $0) }
        self.init(
            Self.kind(sqlState: sqlState), sqlState: sqlState,
            message: primary ?? "the server ended the connection and sent no reason")
    }

    /// The kind of an error in a result.
    private static func kind(sqlState: String?) -> Kind {
        // Every error of the server has a code. A result without a code was made by libpq itself, because it has lost
        // the connection.
        guard let sqlState else { return .connectionLost }
        switch sqlState {
        // read_only_sql_transaction
        case "25006": return .readOnly
        // admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped, idle_session_timeout,
        // idle_in_transaction_session_timeout, transaction_timeout: these errors end the session.
        case "57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25P04": return .connectionLost
        // Class 08, connection exception: a pooler has lost its connection to the server.
        default: return sqlState.hasPrefix("08") ? .connectionLost : .server
        }
    }

    static let lost = PostgresError(.connectionLost, message: "the connection to the database was lost")
    static let notReplicated = PostgresError(
        .connectionLost, message: "the wait for the standby was cancelled during a commit")
    static let timedOut = PostgresError(.timedOut, message: "the database did not answer in time")
}
