internal import CPostgres

/// Receives the notices and warnings of a session.
///
/// One of them matters. With synchronous replication, a commit waits for the standby. If an administrator cancels this
/// wait (`pg_cancel_backend`), the server reports the commit as a success, after a warning. But the standby may not
/// have the transaction, so a failover may lose it. The text of the warning depends on the server's language. The name
/// of the function that sends it (syncrep.c) does not.
final class NoticeReceiver {
    /// True if a commit did not wait until the standby had the transaction.
    private(set) var hasUnreplicatedCommit = false

    /// The receiver must exist for as long as the connection.
    func attach(to connection: OpaquePointer) {
        PQsetNoticeReceiver(
            connection,
            { receiver, notice in
                guard let receiver, let notice,
                    let function = PQresultErrorField(notice, millrace_diag_source_function()),
                    String(cString: function) == "SyncRepWaitForLSN"
                else { return }
                Unmanaged<NoticeReceiver>.fromOpaque(receiver).takeUnretainedValue().hasUnreplicatedCommit = true
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}
