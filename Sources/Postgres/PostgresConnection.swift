internal import CPostgres
internal import Glibc

/// A statement that a connection prepares the first time it is used there.
package struct PostgresStatement: Sendable {
    package let name: String
    package let sql: String

    /// - Parameter name: unique in the process, shorter than 64 bytes.
    package init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }

    package func with(_ values: PostgresValue...) -> PostgresCall { PostgresCall(statement: self, values: values) }
}

/// A statement with its parameters.
package struct PostgresCall: Sendable {
    let statement: PostgresStatement
    let values: [PostgresValue]
}

package struct PostgresNotification: Sendable, Hashable {
    package let channel: String
    package let payload: String
}

/// One session with the database. One thread uses it at a time; it blocks that thread.
package final class PostgresConnection: @unchecked Sendable {
    private let connection: OpaquePointer
    private let responseTimeout: Duration
    private var prepared: Set<String> = []
    private var isAbandoned = false
    /// Batches that were sent and are not answered, oldest first: what each of their results belongs to, the name of a
    /// statement that is prepared, or `nil`: one that is run.
    private var unanswered: [[String?]] = []

    /// Connects.
    /// - Parameter settings: run-time parameters to set for the session, as `name = value`.
    package init(_ configuration: PostgresConfiguration, settings: [String] = []) throws(PostgresError) {
        responseTimeout = configuration.responseTimeout
        connection = try Self.connect(configuration)
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        // Where the peer vanished without a word (power, network), the server lets go of the session, and of the
        // locks that say a worker lives, within these 10 s. They do nothing on a unix socket, where it cannot happen.
        let reachability = [
            "tcp_keepalives_idle = 3", "tcp_keepalives_interval = 2", "tcp_keepalives_count = 3",
            "tcp_user_timeout = 9000",
        ]
        PQsetnonblocking(connection, 1)
        try execute(text: (reachability + settings).map { "SET \($0)" }.joined(separator: "; "))
    }

    deinit { PQfinish(connection) }

    private static func connect(_ configuration: PostgresConfiguration) throws(PostgresError) -> OpaquePointer {
        // What is wrong with a connection string is not told: libpq would quote the part, which may be the password.
        guard let parsed = PQconninfoParse(configuration.connectionString, nil) else {
            throw PostgresError(.configuration, message: "the database's connection string is malformed")
        }
        PQconninfoFree(parsed)
        // The connection string comes last, so that it can override the rest.
        let parameters = [
            ("application_name", configuration.applicationName), ("client_encoding", "UTF8"),
            ("connect_timeout", String(max(2, configuration.connectTimeout.components.seconds))),
            ("keepalives_idle", "3"), ("keepalives_interval", "2"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "9000"), ("dbname", configuration.connectionString),
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

    /// libpq keeps the code of a failed start-up to itself; the server's words for the codes that matter here are not
    /// translated as long as `lc_messages` is the cluster's C or English.
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

    /// To wait on with `poll` for notifications; readable also when the server has gone.
    package var socket: CInt { PQsocket(connection) }

    /// The server's process that serves this connection.
    package var serverProcess: Int32 { PQbackendPID(connection) }
}

// Statements.
extension PostgresConnection {
    /// Runs statements without parameters or rows of interest, separated by `;`.
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

    /// Runs one statement that is not worth preparing.
    @discardableResult
    package func execute(_ sql: String, _ values: PostgresValue...) throws(PostgresError) -> PostgresResult {
        try execute([PostgresCall(statement: PostgresStatement("", sql), values: values)])[0]
    }

    /// Runs statements in one round trip; outside of an explicit transaction they are one transaction, with one commit.
    ///
    /// All of them are sent before the first answer is read (libpq's pipeline mode); after one that fails the rest is
    /// skipped and the transaction rolled back.
    @discardableResult
    package func execute(_ calls: [PostgresCall], timeout: Duration? = nil) throws(PostgresError) -> [PostgresResult] {
        precondition(unanswered.isEmpty, "its answer would be taken for that of a batch sent before")
        try send(calls, timeout: timeout)
        return try receive(timeout: timeout)
    }

    /// Sends statements as one transaction and does not wait for the answer, which ``receive(timeout:)`` takes.
    ///
    /// Until all answers are taken nothing else may be done with the connection but to send more. The server begins with
    /// a batch as soon as it is done with the one before. Each is a transaction of its own: one that fails leaves those
    /// behind it alone.
    /// - Parameter timeout: for the server to take it in, from now.
    package func send(_ calls: [PostgresCall], timeout: Duration? = nil) throws(PostgresError) {
        guard isUsable else { throw .lost }
        if unanswered.isEmpty, PQenterPipelineMode(connection) != 1 { throw lostOrRefused() }
        var belongings: [String?] = []
        // All preparations come first: no statement that fails has them skipped, so the next batch may rely on them.
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

    /// Waits for the answer to the oldest batch that ``send(_:)`` has sent.
    /// - Parameter timeout: from now.
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
            // Each statement's results end with a null.
            while let extra = try nextResult(until: deadline) { PQclear(extra) }
        }
        // The end of the batch: here the commit is known.
        guard let end = try nextResult(until: deadline) else { throw abandon(failure ?? .lost) }
        if PQresultStatus(end) != PGRES_PIPELINE_SYNC { failure = failure ?? PostgresError(end) }
        PQclear(end)
        if unanswered.isEmpty, PQexitPipelineMode(connection) != 1 { throw abandon(failure ?? .lost) }
        try settle(failure)
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
        // One block for all parameters: libpq copies it into its own buffer before it returns.
        let block = values.flatMap { $0.bytes ?? [] }
        let lengths = values.map { CInt($0.bytes?.count ?? 0) }
        let formats = [CInt](repeating: 1, count: values.count)
        let sent = block.withUnsafeBufferPointer { block in
            // An empty array has no address, and a null address would mean NULL.
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

    /// Raises what happened, and gives the connection up if it cannot go on.
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
                // What the server has to say must be read meanwhile, or both sides wait for each other.
                let ready = try wait(for: Int16(POLLIN | POLLOUT), until: deadline)
                if ready & Int16(POLLIN) != 0, PQconsumeInput(connection) != 1 { throw abandon(.lost) }
            default: throw abandon(.lost)
            }
        }
    }

    private func nextResult(until deadline: ContinuousClock.Instant) throws(PostgresError) -> OpaquePointer? {
        while PQisBusy(connection) == 1 {
            _ = try wait(for: Int16(POLLIN), until: deadline)
            // On failure the result, or its absence, says what happened.
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

    /// Looks at what has arrived, without waiting: a server that has closed the connection is noticed here.
    package var isServerThere: Bool {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        // A last message is read before the end of the stream is.
        for _ in 0..<8 {
            guard isUsable else { return false }
            if poll(&entry, 1, 0) == 0 { return true }
            if PQconsumeInput(connection) != 1 { return false }
        }
        return true
    }

    /// Notifications that have arrived, without waiting.
    /// - Throws: when the server has gone.
    package func takeNotifications() throws(PostgresError) -> [PostgresNotification] {
        guard isServerThere, PQconsumeInput(connection) == 1 else { throw abandon(.lost) }
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
