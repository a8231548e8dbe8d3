package enum TaskStatus: String, Sendable, Hashable, CaseIterable {
    case queued, processing, completed, failed, cancelled

    package var isFinished: Bool {
        switch self {
        case .queued, .processing: false
        case .completed, .failed, .cancelled: true
        }
    }
}

/// A task as clients may see it. The input is not part of it.
package struct TaskRecord: Sendable, Hashable {
    package var id: TaskID
    package var type: String
    package var status: TaskStatus
    /// JSON; only if the task is completed.
    package var result: [UInt8]?
    /// Why the task, or its last attempt, failed. Safe to show to a client.
    package var error: String?
    /// How often the task was started.
    package var attempts: Int
    package var createdAt: Timestamp
    package var startedAt: Timestamp?
    package var completedAt: Timestamp?
    /// Who submitted it.
    package var client = ClientID.anonymous
}

/// A row of `GET /hashes`: a completed hash task.
package struct HashRow: Sendable, Hashable {
    package var id: TaskID
    package var type: String
    /// JSON.
    package var result: [UInt8]
    package var completedAt: Timestamp
}

package enum Cancellation: Sendable, Hashable {
    case cancelled(TaskRecord)
    /// The task goes on, because this many other submissions share it.
    case shared(TaskRecord, others: Int)
    case alreadyFinished(TaskRecord)
    case unknown
}

/// Statistics of the result cache of the whole cluster, counted since the database was created.
package struct CacheStatistics: Sendable, Hashable {
    package var hits: Int
    package var misses: Int
    package var sets: Int
    /// Entries that were removed because there were too many.
    package var evictions: Int
    /// Entries that are valid now.
    package var entries: Int

    /// 0...1; 0 before the first look-up.
    package var hitRate: Double { hits + misses == 0 ? 0 : Double(hits) / Double(hits + misses) }
}
