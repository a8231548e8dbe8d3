internal import CPostgres
internal import Glibc

/// A session with the database. Only one thread at a time may use it. Its calls block the thread.
package final class PostgresConnection: @unchecked Sendable {
    private let connection: OpaquePointer
    private let responseTimeout: Duration
    private var prepared: Set<String> = []
    private var isAbandoned = false
    private let notices = NoticeReceiver()
    /// The batches that are sent and not answered yet, oldest first. Each element of a batch stands for one expected
    /// result: the name of a statement for the result of its preparation, or `nil` for the result of an execution.
    private var unanswered: [[String?]] = []

    /// Connects to the server.
    /// - Parameter settings: run-time parameters of the session, as `name = value`.
    package init(_ configuration: PostgresConfiguration, settings: [String] = []) throws(PostgresError) {
        responseTimeout = configuration.responseTimeout
        connection = try Self.connect(configuration)
        notices.attach(to: connection)
        // With these settings, the server ends the session within 10 s if this process's host loses power or network.
        // That releases the locks which show that a worker is alive. The settings have no effect on a unix socket.
        let reachability = [
            "tcp_keepalives_idle = 3", "tcp_keepalives_interval = 2", "tcp_keepalives_count = 3",
            "tcp_user_timeout = 9000",
        ]
        PQsetnonblocking(connection, 1)
        try execute(text: (reachability + settings).map { "SET \($0)" }.joined(separator: "; "))
    }

    deinit { PQfinish(connection) }

    private static func connect(_ configuration: PostgresConfiguration) throws(PostgresError) -> OpaquePointer {
        // libpq's error message is not used: it quotes the malformed part, which may be the password.
        guard let parsed = PQconninfoParse(configuration.connectionString, nil) else {
            throw PostgresError(.configuration, message: "the database's connection string is malformed")
        }
        PQconninfoFree(parsed)
        // The connection string comes last, so that it can override the other parameters.
        let parameters = [
            ("application_name", configuration.applicationName), ("client_encoding", "UTF8"),
            ("connect_timeout", String(max(2, configuration.connectTimeout.components.seconds))),
            ("keepalives_idle", "3"), ("keepalives_interval", "2"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "9000"), ("target_session_attrs", sessionAttributes),
            ("dbname", configuration.connectionString),
        ]
        let strings = parameters.map { (strdup($0.0), strdup($0.1)) }
        defer {
            for (keyword, value) in strings {
                free(keyword)
                free(value)
            }
        }
        let keywords = strings.map { UnsafePointer($0.0) } + [nil]
        let values = strings.map { UnsafePointer($0.1) } + [nil]
        guard let connection = PQconnectdbParams(keywords, values, 1) else {
            throw PostgresError(.connectionFailed, message: "out of memory")
        }
        guard PQstatus(connection) == CONNECTION_OK else {
            defer { PQfinish(connection) }
            let text = String(cString: PQerrorMessage(connection)).split(separator: "\n").joined(separator: " ")
            throw PostgresError(.connectionFailed, sqlState: sqlState(ofConnectError: text), message: text)
        }
        return connection
    }

    /// If the connection string does not say which servers to accept, only servers that take writes are accepted. Every
    /// process writes, so a session with a standby, or with a server that was made read-only, would fail later. If
    /// libpq's environment variable is set, the value is empty, and libpq reads the variable.
    private static var sessionAttributes: String { getenv("PGTARGETSESSIONATTRS") == nil ? "read-write" : "" }

    /// Derives the SQLSTATE from the message of a failed attempt to connect, because libpq does not report the code. It
    /// knows only the English messages, which the server sends if the cluster's `lc_messages` is C or English.
    private static func sqlState(ofConnectError text: String) -> String? {
        if text.contains("too many clients already") || text.contains("remaining connection slots")
            || text.contains("too many connections for")
        {
            return "53300"
        }
        if text.contains("the database system is") { return "57P03" }
        if text.contains("password authentication failed") { return "28P01" }
        if text.contains("does not exist") && text.contains("database") { return "3D000" }
        return nil
    }

    package var isUsable: Bool { !isAbandoned && PQstatus(connection) == CONNECTION_OK }

    /// The socket, to wait for with `poll`. It becomes readable when a notification arrives, or when the server closes
    /// the connection.
    package var socket: CInt { PQsocket(connection) }

    /// The id of the server process that serves this connection.
    package var serverProcess: Int32 { PQbackendPID(connection) }
}

// Statements.
extension PostgresConnection {
    /// Runs statements that are separated by `;`. They have no parameters, and their rows are dropped.
    package func execute(text sql: String) throws(PostgresError) {
        guard isUsable else { throw .lost }
        guard PQsendQuery(connection, sql) == 1 else { throw lostOrRefused() }
        var failure: PostgresError?
        let deadline = ContinuousClock.now + responseTimeout
        try flush(until: deadline)
        while let result = try nextResult(until: deadline) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: break
            default: failure = failure ?? PostgresError(result)
            }
        }
        try settle(failure)
    }

    /// Runs one statement.
    @discardableResult
    package func execute(_ call: PostgresCall, timeout: Duration? = nil) throws(PostgresError) -> PostgresResult {
        try execute([call], timeout: timeout)[0]
    }

    /// Runs one statement without keeping it prepared.
    @discardableResult
    package func execute(_ sql: String, _ values: PostgresValue...) throws(PostgresError) -> PostgresResult {
        try execute([PostgresCall(statement: PostgresStatement("", sql), values: values)])[0]
    }

    /// Runs statements in one round trip. Outside an explicit transaction they form one transaction with one commit.
    ///
    /// All statements are sent before the first answer is read (libpq's pipeline mode). If one fails, the server skips
    /// the rest and rolls the transaction back.
    @discardableResult
    package func execute(_ calls: [PostgresCall], timeout: Duration? = nil) throws(PostgresError) -> [PostgresResult] {
        precondition(unanswered.isEmpty, "the answer of an earlier batch has not been received")
        try send(calls, timeout: timeout)
        return try receive(timeout: timeout)
    }

    /// Sends statements as one transaction without waiting for the answer. ``receive(timeout:)`` returns it.
    ///
    /// Until all answers are received, the connection may only be used to send further batches and to receive answers.
    /// The server begins each batch when it has finished the previous one. Each batch is a transaction of its own, so a
    /// failure does not affect later batches.
    /// - Parameter timeout: how long the server may take to read the batch.
    package func send(_ calls: [PostgresCall], timeout: Duration? = nil) throws(PostgresError) {
        guard isUsable else { throw .lost }
        if unanswered.isEmpty, PQenterPipelineMode(connection) != 1 { throw lostOrRefused() }
        var belongings: [String?] = []
        // Prepare all statements before the first one runs, because the server skips everything after a statement that
        // fails. So the statements are always prepared, and later batches can use them.
        for call in calls where !call.statement.name.isEmpty {
            let name = call.statement.name
            if prepared.contains(name) || belongings.contains(name) || unanswered.contains(where: { $0.contains(name) })
            {
                continue
            }
            try prepare(call)
            belongings.append(name)
        }
        for call in calls {
            if call.statement.name.isEmpty {
                try prepare(call)
                belongings.append("")
            }
            try send(call)
            belongings.append(nil)
        }
        guard PQpipelineSync(connection) == 1 else { throw lostOrRefused() }
        unanswered.append(belongings)
        try flush(until: .now + (timeout ?? responseTimeout))
    }

    /// Waits for the answer to the oldest batch that is not answered yet.
    /// - Parameter timeout: how long to wait; `nil` for the connection's own timeout.
    package func receive(timeout: Duration? = nil) throws(PostgresError) -> [PostgresResult] {
        guard isUsable else { throw .lost }
        let deadline = ContinuousClock.now + (timeout ?? responseTimeout)
        var results: [PostgresResult] = []
        var failure: PostgresError?
        for name in unanswered.removeFirst() {
            guard let result = try nextResult(until: deadline) else { throw abandon(.lost) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK where name != nil:
                if let name, !name.isEmpty { prepared.insert(name) }
                PQclear(result)
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
                results.append(PostgresResult(result))
            case PGRES_PIPELINE_ABORTED:
                PQclear(result)
            default:
                failure = failure ?? PostgresError(result)
                PQclear(result)
                if !isUsable { throw abandon(.lost) }
            }
            // A null result marks the end of a statement's results.
            while let extra = try nextResult(until: deadline) { PQclear(extra) }
        }
        // The last result marks the end of the batch. If the commit has failed, this result is an error.
        guard let end = try nextResult(until: deadline) else { throw abandon(failure ?? .lost) }
        if PQresultStatus(end) != PGRES_PIPELINE_SYNC { failure = failure ?? PostgresError(end) }
        PQclear(end)
        if unanswered.isEmpty, PQexitPipelineMode(connection) != 1 { throw abandon(failure ?? .lost) }
        try settle(failure)
        if notices.hasUnreplicatedCommit { throw abandon(.notReplicated) }
        return results
    }

    private func prepare(_ call: PostgresCall) throws(PostgresError) {
        let types = call.values.map(\.oid)
        guard PQsendPrepare(connection, call.statement.name, call.statement.sql, CInt(types.count), types) == 1 else {
            throw lostOrRefused()
        }
    }

    private func send(_ call: PostgresCall) throws(PostgresError) {
        let values = call.values
        // All parameters are in one block. libpq copies the block before the call returns.
        let block = values.flatMap { $0.bytes ?? [] }
        let lengths = values.map { CInt($0.bytes?.count ?? 0) }
        let formats = [CInt](repeating: 1, count: values.count)
        let sent = block.withUnsafeBufferPointer { block in
            // libpq sends a null pointer as NULL. The address of an empty block may be nil, so use `nowhere` instead.
            let start =
                UnsafeRawPointer(block.baseAddress.map { UnsafeRawPointer($0) } ?? Self.nowhere)
                .assumingMemoryBound(to: CChar.self)
            var offset = 0
            let pointers = values.map { value -> UnsafePointer<CChar>? in
                guard let bytes = value.bytes else { return nil }
                defer { offset += bytes.count }
                return start + offset
            }
            return PQsendQueryPrepared(
                connection, call.statement.name, CInt(values.count), pointers, lengths, formats, 1)
        }
        guard sent == 1 else { throw lostOrRefused() }
    }

    nonisolated(unsafe) private static let nowhere = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(
            byteCount: 1, alignment: 1))

    /// Makes the session unusable, so that nobody uses it again.
    package func giveUp() { isAbandoned = true }

    /// Throws `failure` if there is one. If the connection is lost, it is marked as unusable.
    private func settle(_ failure: PostgresError?) throws(PostgresError) {
        guard let failure else { return }
        throw failure.isConnectionLost ? abandon(failure) : failure
    }

    private func lostOrRefused() -> PostgresError {
        abandon(.lost)
    }

    private func abandon(_ error: PostgresError) -> PostgresError {
        isAbandoned = true
        return error
    }
}

// Waiting for the socket.
extension PostgresConnection {
    private func flush(until deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            switch PQflush(connection) {
            case 0: return
            case 1:
                // Read the server's answers while sending. Otherwise each side could wait until the other one reads.
                let ready = try wait(for: Int16(POLLIN | POLLOUT), until: deadline)
                if ready & Int16(POLLIN) != 0, PQconsumeInput(connection) != 1 { throw abandon(.lost) }
            default: throw abandon(.lost)
            }
        }
    }

    private func nextResult(until deadline: ContinuousClock.Instant) throws(PostgresError) -> OpaquePointer? {
        while PQisBusy(connection) == 1 {
            _ = try wait(for: Int16(POLLIN), until: deadline)
            // If this fails, PQgetResult reports the error.
            if PQconsumeInput(connection) != 1 { break }
        }
        return PQgetResult(connection)
    }

    private func wait(for events: Int16, until deadline: ContinuousClock.Instant) throws(PostgresError) -> Int16 {
        var entry = pollfd(fd: socket, events: events, revents: 0)
        while true {
            let left = deadline - .now
            guard left > .zero else { throw abandon(.timedOut) }
            let (seconds, attoseconds) = left.components
            let milliseconds = min(seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1, 3_600_000)
            switch poll(&entry, 1, CInt(milliseconds)) {
            case 1: return entry.revents
            case 0: continue
            default: if errno != EINTR { throw abandon(.lost) }
            }
        }
    }

    /// Reads what has arrived, without waiting.
    /// - Returns: Whether the server still has the connection open.
    package func checkServer() -> Bool {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        // Before the server closes the connection, it sends a last message. So one read may not reach the end of the
        // stream.
        for _ in 0..<8 {
            guard isUsable else { return false }
            if poll(&entry, 1, 0) == 0 { return true }
            if PQconsumeInput(connection) != 1 { return false }
        }
        return true
    }

    /// Returns the notifications that have arrived, without waiting.
    /// - Throws: if the server has closed the connection.
    package func takeNotifications() throws(PostgresError) -> [PostgresNotification] {
        guard checkServer(), PQconsumeInput(connection) == 1 else { throw abandon(.lost) }
        var notifications: [PostgresNotification] = []
        while let notify = PQnotifies(connection) {
            notifications.append(
                PostgresNotification(
                    channel: String(cString: notify.pointee.relname), payload: String(cString: notify.pointee.extra)))
            PQfreemem(notify)
        }
        return notifications
    }
}
