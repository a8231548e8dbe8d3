internal import CPostgres

/// What went wrong between this process and the database. Never holds a connection string, a parameter or a row.
package struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Kind: Sendable, Hashable {
        /// The connection string is malformed.
        case configuration
        /// No connection could be made.
        case connectionFailed
        /// The connection ended under a statement: whether it took effect is unknown.
        case connectionLost
        /// No answer in time; the connection was given up. Whether the statement took effect is unknown.
        case timedOut
        /// Every connection this process may open was busy for as long as the caller would wait.
        case poolExhausted
        /// The server refused the statement.
        case server
    }

    package let kind: Kind
    /// PostgreSQL's error code (its Appendix A), where it sent one.
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

    /// The connection is gone; a new one is needed for whatever comes next.
    package var isConnectionLost: Bool {
        switch kind {
        case .configuration, .connectionFailed, .connectionLost, .timedOut: true
        case .poolExhausted, .server: false
        }
    }

    /// Another attempt to connect has a chance: the server is full, starting, stopping, or not there.
    package var isConnectRetryable: Bool {
        switch (kind, sqlState) {
        // too_many_connections, cannot_connect_now, admin_shutdown, crash_shutdown
        case (.connectionFailed, nil), (.connectionLost, _), (.timedOut, _): true
        case (.connectionFailed, "53300"), (.connectionFailed, "57P03"), (.connectionFailed, "57P01"),
            (.connectionFailed, "57P02"):
            true
        default: false
        }
    }

    /// The transaction was rolled back for a reason that another run of it need not meet: serialization_failure,
    /// deadlock_detected.
    package var isTransactionRetryable: Bool { kind == .server && (sqlState == "40001" || sqlState == "40P01") }

    /// unique_violation.
    package var isDuplicate: Bool { kind == .server && sqlState == "23505" }

    /// lock_not_available: somebody else had a row locked for longer than the session waits.
    package var isLockTimeout: Bool { kind == .server && sqlState == "55P03" }
}

extension PostgresError {
    /// The server's own error, without detail, hint and context: those may quote rows.
    init(_ result: OpaquePointer) {
        let sqlState = PQresultErrorField(result, millrace_diag_sqlstate()).map { String(cString: $0) }
        let primary = PQresultErrorField(result, millrace_diag_message_primary()).map { String(cString: $0) }
        // admin_shutdown, crash_shutdown, cannot_connect_now, idle_in_transaction_session_timeout,
        // idle_session_timeout: the server ends the session with them.
        let ends = ["57P01", "57P02", "57P03", "25P03", "57P05"]
        self.init(
            ends.contains(sqlState ?? "") ? .connectionLost : .server, sqlState: sqlState,
            message: primary ?? "the database sent no reason")
    }

    static let lost = PostgresError(.connectionLost, message: "the connection to the database was lost")
    static let timedOut = PostgresError(.timedOut, message: "the database did not answer in time")
}
