internal import Postgres

extension QueueClient {
    /// The number of rows in one page.
    private static let pageSize = 1000

    /// All completed tasks of these types, newest first. Blocks. Memory does not grow with the number of tasks.
    ///
    /// The tasks are read in pages, each with a statement of its own. So a slow reader holds no connection, and no
    /// snapshot that keeps vacuum from removing dead rows of the queue.
    /// - Parameters:
    ///   - visibility: whose tasks the caller may see.
    ///   - after: the last task of the page before; only older ones are returned.
    ///   - row: called for each task; throw to stop.
    package func streamHashes(
        types: [String], by visibility: Visibility, limit: Int?, after: TaskID?, row: (HashRow) throws -> Void
    ) throws(QueueError) {
        let (least, greatest) = visibility.bounds
        let isOfType = types.count == 1 && !visibility.isOfKey
        let statement = isOfType ? LookUpSQL.completedPageOfType : LookUpSQL.completedPage
        let typeNames = isOfType ? PostgresValue.text(types[0]) : .texts(types)
        var left = limit ?? .max
        var last = after ?? TaskID(high: .max, low: .max)
        while left > 0 {
            let size = min(left, Self.pageSize)
            let parameters = (typeNames, PostgresValue.uuid(last), PostgresValue.int8(Int64(size)))
            let call =
                visibility.isOfKey
                ? LookUpSQL.completedPageOfClient.with(parameters.0, parameters.1, parameters.2, .int8(least))
                : statement.with(parameters.0, parameters.1, parameters.2, .int8(least), .int8(greatest))
            let page = try queries.run { try $0.execute(call) }
            for index in 0..<page.rowCount {
                guard let id = page.taskID(index, 0), let type = page.text(index, 1),
                    let result = page.bytes(index, 2), let completedAt = page.timestamp(index, 3)
                else { continue }
                last = id
                guard (try? row(HashRow(id: id, type: type, result: result, completedAt: completedAt))) != nil
                else { return }
            }
            left -= page.rowCount
            if page.rowCount < size { return }
        }
    }
}
