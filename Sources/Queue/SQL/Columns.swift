internal import Postgres

extension PostgresResult {
    func taskID(_ row: Int, _ column: Int) -> TaskID? {
        withBytes(row, column) { TaskID(bytes: $0) } ?? nil
    }

    func timestamp(_ row: Int, _ column: Int) -> Timestamp? {
        time(row, column).map(Timestamp.init(microseconds:))
    }

    /// The rows of a result that has the columns of ``LookUpSQL``.
    var taskRecords: [TaskID: TaskRecord] {
        var records: [TaskID: TaskRecord] = [:]
        for row in 0..<rowCount {
            if let record = taskRecord(row) { records[record.id] = record }
        }
        return records
    }

    /// A row of a result that has the columns of ``LookUpSQL``.
    func taskRecord(_ row: Int) -> TaskRecord? {
        guard let id = taskID(row, 0), let type = text(row, 1), let status = text(row, 2).flatMap(TaskStatus.init),
            let attempts = integer(row, 5), let createdAt = timestamp(row, 6)
        else { return nil }
        return TaskRecord(
            id: id, type: type, status: status, result: bytes(row, 3), error: text(row, 4), attempts: attempts,
            createdAt: createdAt, startedAt: timestamp(row, 7), completedAt: timestamp(row, 8),
            client: integer(row, 9).map { ClientID(rawValue: Int64($0)) } ?? .anonymous)
    }
}

extension PostgresArray {
    mutating func append(_ id: TaskID) {
        withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) { append($0) }
    }
}

extension PostgresValue {
    static func uuid(_ id: TaskID) -> PostgresValue { .uuid(id.bytes) }

    static func texts(_ texts: [String]) -> PostgresValue {
        var array = PostgresArray(.text, capacity: texts.count)
        for text in texts { array.append(text.utf8) }
        return array.value
    }

    /// - Parameter numbers: `nil` stands for NULL.
    static func integers(_ numbers: [Int64?]) -> PostgresValue {
        var array = PostgresArray(.int8, capacity: numbers.count, elementSize: 8)
        for number in numbers {
            if let number { array.append(number) } else { array.appendNull() }
        }
        return array.value
    }

    static func uuids(_ ids: some Collection<TaskID>) -> PostgresValue {
        var array = PostgresArray(.uuid, capacity: ids.count)
        for id in ids { array.append(id) }
        return array.value
    }
}

extension PostgresStatement {
    /// Binds the parameters of a statement that takes ids, the smallest id and the greatest id.
    func with(ids: some Collection<TaskID>) -> PostgresCall {
        let none = TaskID(high: 0, low: 0)
        return with(.uuids(ids), .uuid(ids.min() ?? none), .uuid(ids.max() ?? none))
    }
}
