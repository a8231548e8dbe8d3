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
        case .configuration, .connectionFailed, .connectionLost, .timedOut: true
        case .poolExhausted, .server: false
        }
    }

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
        // admin_shutdown, crash_shutdown, cannot_connect_now, idle_in_transaction_session_timeout,
        // idle_session_timeout: these errors end the session.
        let ends = ["57P01", "57P02", "57P03", "25P03", "57P05"]
        self.init(
            ends.contains(sqlState ?? "") ? .connectionLost : .server, sqlState: sqlState,
            message: primary ?? "the database sent no error message")
    }

    static let lost = PostgresError(.connectionLost, message: "the connection to the database was lost")
    static let timedOut = PostgresError(.timedOut, message: "the database did not answer in time")
}
