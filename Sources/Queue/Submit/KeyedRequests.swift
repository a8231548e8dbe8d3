internal import Postgres
internal import Tasks

/// The requests of a batch that have an idempotency key, and what is done with each. No I/O here; ``IdempotencySQL``
/// says how the calls are used.
struct KeyedRequests {
    enum Verdict: Hashable {
        /// The key is new: store the request.
        case new
        /// The request is the same as an earlier one of this batch.
        case sameAs(Int)
        /// The request was accepted before, with these outcomes.
        case replay([SubmissionOutcome])
        case refused(QueueError)
    }

    private struct KeyedRequest {
        let request: Int
        let key: [UInt8]
        let fingerprint: [UInt8]
        var verdict = Verdict.new
        /// The outcomes that are stored under the key, in any order.
        var stored: [(place: Int, outcome: SubmissionOutcome)] = []
    }

    private var entries: [KeyedRequest] = []
    private var entryOfRequest: [Int: Int] = [:]
    /// The first entry of each key.
    private var entryOfKey: [[UInt8]: Int] = [:]

    var isEmpty: Bool { entries.isEmpty }

    /// - Parameter request: its place in the batch.
    mutating func add(_ key: IdempotencyKey, request: Int, secret: [UInt8]) {
        var entry = KeyedRequest(
            request: request, key: KeyedDigest.make(secret: secret, Self.purpose(key.client) + key.key),
            fingerprint: KeyedDigest.make(secret: secret, Array("request ".utf8) + key.payload))
        if let first = entryOfKey[entry.key].map({ entries[$0] }) {
            let isSame = first.fingerprint == entry.fingerprint
            entry.verdict = isSame ? .sameAs(first.request) : .refused(.keyOfAnotherRequest)
        } else {
            entryOfKey[entry.key] = entries.count
        }
        entryOfRequest[request] = entries.count
        entries.append(entry)
    }

    /// Whether a request gets the stored answer of an earlier one.
    var hasReplays: Bool { entries.contains { if case .replay = $0.verdict { true } else { false } } }

    /// The first bytes of the message whose digest is stored. Messages of clients with a key and messages of anonymous
    /// clients begin with different bytes.
    private static func purpose(_ client: ClientID) -> [UInt8] {
        if client == .anonymous { return Array("idempotency key ".utf8) }
        return Array("client's idempotency key ".utf8) + withUnsafeBytes(of: client.rawValue.bigEndian) { Array($0) }
    }

    func verdict(ofRequest request: Int) -> Verdict { entryOfRequest[request].map { entries[$0].verdict } ?? .new }

    /// The calls whose results ``settle(_:)`` takes.
    var calls: [PostgresCall] {
        var locks = PostgresArray(.int8, capacity: entries.count, elementSize: 8)
        var keys = PostgresArray(.bytea, capacity: entries.count, elementSize: 32)
        var fingerprints = PostgresArray(.bytea, capacity: entries.count, elementSize: 32)
        for entry in entries {
            locks.append(entry.key.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) })
            keys.append(entry.key)
            fingerprints.append(entry.fingerprint)
        }
        return [IdempotencySQL.lock.with(locks.value), IdempotencySQL.read.with(keys.value, fingerprints.value)]
    }

    mutating func settle(_ results: ArraySlice<PostgresResult>) {
        guard let locks = results.first, let known = results.last else { return }
        for row in 0..<locks.rowCount where locks.bool(row, 1) == false {
            guard let number = locks.integer(row, 0), entries[number - 1].verdict == .new else { continue }
            entries[number - 1].verdict = .refused(.keyUnderWay)
        }
        for row in 0..<known.rowCount {
            guard let number = known.integer(row, 0), let isSame = known.bool(row, 1),
                let place = known.integer(row, 2),
                let id = known.taskID(row, 3), let isCached = known.bool(row, 4)
            else { continue }
            guard isSame else {
                entries[number - 1].verdict = .refused(.keyOfAnotherRequest)
                continue
            }
            // This request was refused because an earlier request of the batch has the same key. But in the database,
            // the key belongs to this request.
            if entries[number - 1].verdict == .refused(.keyOfAnotherRequest) { entries[number - 1].verdict = .new }
            let outcome = isCached ? SubmissionOutcome.cached(id, result: known.bytes(row, 5) ?? []) : .repeated(id)
            entries[number - 1].stored.append((place, outcome))
        }
        for index in entries.indices where !entries[index].stored.isEmpty {
            let outcomes = entries[index].stored.sorted { $0.place < $1.place }.map(\.outcome)
            if case .refused = entries[index].verdict { continue }
            entries[index].verdict = .replay(outcomes)
        }
    }

    /// The calls that store the answers to new requests.
    func storing(ttl: Duration, outcomes: (Int) -> [SubmissionOutcome]?) -> [PostgresCall] {
        entries.compactMap { entry in
            guard entry.verdict == .new, let outcomes = outcomes(entry.request) else { return nil }
            var ids = PostgresArray(.uuid, capacity: outcomes.count)
            var areCached = PostgresArray(.bool, capacity: outcomes.count, elementSize: 1)
            var result: [UInt8]?
            for outcome in outcomes {
                ids.append(outcome.id)
                guard case .cached(_, let bytes) = outcome else {
                    areCached.append(false)
                    continue
                }
                areCached.append(true)
                if outcomes.count == 1 { result = bytes }
            }
            return IdempotencySQL.store.with(
                .bytea(entry.key), .bytea(entry.fingerprint), .int8(ttl.inMicroseconds), ids.value, areCached.value,
                result.map { .text(String(decoding: $0, as: UTF8.self)) } ?? .null(.text))
        }
    }
}
