import Queue
import TestSupport
import Testing

@Suite struct Listing {
    let bench: Bench

    init() throws { bench = try Bench() }

    private func rows(
        _ client: QueueClient, types: [String] = ["sha256"], limit: Int? = nil, after: TaskID? = nil
    ) throws -> [HashRow] {
        var rows: [HashRow] = []
        try client.streamHashes(types: types, by: .all, limit: limit, after: after) { rows.append($0) }
        return rows
    }

    @Test func `Hashes are listed newest first, page by page, and new tasks do not shift the pages`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        let submissions = (0..<2500).map { Submission(task: task("\($0)")) }
        _ = try client.submit(submissions)
        // Finish the tasks in two parts. This order differs from the order of submission.
        let claimed = try session.claim(2500)
        try session.complete(Array(claimed[1000...]))
        try session.complete(Array(claimed[..<1000]))
        let newestFirst = submissions.map(\.id).reversed().map { $0 }
        #expect(try rows(client).map(\.id) == newestFirst)
        var paged: [TaskID] = []
        while true {
            let page = try rows(client, limit: 333, after: paged.last)
            paged += page.map(\.id)
            if page.count < 333 { break }
            // Tasks that are completed between two pages do not shift the pages.
            _ = try client.submit(task("between \(paged.count)"))
            try session.complete(try session.claim())
        }
        #expect(paged == newestFirst)
        #expect(try rows(client, types: ["md5"]).isEmpty)
        #expect(try rows(client, limit: 0).isEmpty)
    }

    @Test func `Only completed tasks are listed, and a callback that throws ends the stream`() throws {
        let client = bench.client()
        defer { client.shutdown() }
        let session = try bench.session()
        _ = try client.submit((0..<3).map { Submission(task: task("\($0)")) })
        let claimed = try session.claim()
        try session.complete([claimed[0]])
        try session.fail([claimed[1]], isRetryable: false)
        _ = try client.cancel(claimed[2].id)
        #expect(try rows(client).map(\.id) == [claimed[0].id])
        var count = 0
        try client.streamHashes(types: ["sha256"], by: .all, limit: nil, after: nil) { _ in
            count += 1
            throw Unexpected(what: "enough")
        }
        #expect(count == 1)
    }
}
