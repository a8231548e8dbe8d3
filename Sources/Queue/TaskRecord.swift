package enum TaskStatus: String, Sendable, Hashable, CaseIterable {
    case queued, processing, completed, failed, cancelled

    package var isFinished: Bool {
        switch self {
        case .queued, .processing: false
        case .completed, .failed, .cancelled: true
        }
    }
}

/// A task as anyone may see it. The input is not part of it.
package struct TaskRecord: Sendable, Hashable {
    package var id: TaskID
    package var type: String
    package var status: TaskStatus
    /// JSON; only of a completed task.
    package var result: [UInt8]?
    /// Why the task, or its last attempt, failed. Safe to show.
    package var error: String?
    /// How often it was started.
    package var attempts: Int
    package var createdAt: Timestamp
    package var startedAt: Timestamp?
    package var completedAt: Timestamp?
}

/// One computed hash of `GET /hashes`.
package struct HashRow: Sendable, Hashable {
    package var id: TaskID
    package var type: String
    /// JSON.
    package var result: [UInt8]
    package var completedAt: Timestamp
}

package enum Cancellation: Sendable, Hashable {
    case cancelled(TaskRecord)
    /// So many other submissions share the task: it goes on for them.
    case shared(TaskRecord, others: Int)
    case alreadyFinished(TaskRecord)
    case unknown
}

/// For the whole cluster, since the database was made.
package struct CacheStatistics: Sendable, Hashable {
    package var hits: Int
    package var misses: Int
    package var sets: Int
    /// Entries removed to keep within the limit of entries.
    package var evictions: Int
    /// Entries that are valid now.
    package var entries: Int

    /// 0...1; 0 as long as nothing was asked for.
    package var hitRate: Double { hits + misses == 0 ? 0 : Double(hits) / Double(hits + misses) }
}
