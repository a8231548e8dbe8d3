internal import Reactor

/// The client connections of one loop.
struct ClientConnectionTable {
    /// The maximum number of connections that are closed at once to make room.
    private static let maxGivenUp = 32

    private var connections: ContiguousArray<any ClientConnection> = []
    private var lastNumber: UInt64 = 0
    /// The second in which idle connections were last closed to make room.
    private var lastReuse: Int64 = 0
    private let loop: UInt64
    private let loops: UInt64

    /// - Parameters:
    ///   - loop: The loop's index.
    ///   - loops: The maximum number of loops in the process.
    init(loop: Int, loops: Int) {
        self.loop = UInt64(loop)
        self.loops = UInt64(loops)
    }

    var count: Int { connections.count }
    var all: ContiguousArray<any ClientConnection> { connections }

    /// The next value of `$connection`. It is unique over all loops.
    mutating func nextNumber() -> UInt64 {
        lastNumber += 1
        return lastNumber * loops + loop
    }

    mutating func insert(_ connection: any ClientConnection) {
        connection.placeInLoop = connections.count
        connections.append(connection)
    }

    mutating func remove(_ connection: any ClientConnection) {
        // Move the last connection to the free index.
        let last = connections.removeLast()
        if last !== connection {
            connections[connection.placeInLoop] = last
            last.placeInLoop = connection.placeInLoop
        }
    }

    /// Notes that idle connections are closed to make room.
    /// - Returns: Whether this is the first such note in `second`.
    mutating func noteReuse(in second: Int64) -> Bool {
        defer { lastReuse = second }
        return lastReuse != second
    }

    /// The connections that have been idle longest, the oldest first: an eighth of the idle connections, but at least 1
    /// and at most 32.
    func oldestIdle() -> ArraySlice<any ClientConnection> {
        var oldest: [any ClientConnection] = []
        var idleCount = 0
        for connection in connections where connection.isIdle {
            idleCount += 1
            if oldest.count == Self.maxGivenUp {
                guard connection.idleSince < oldest[oldest.count - 1].idleSince else { continue }
                oldest.removeLast()
            }
            let place = oldest.lastIndex { $0.idleSince <= connection.idleSince }.map { $0 + 1 } ?? 0
            oldest.insert(connection, at: place)
        }
        return oldest.prefix(max(1, min(Self.maxGivenUp, idleCount / 8)))
    }

    func counts(addedTo counts: StubStatus.ConnectionCounts) -> StubStatus.ConnectionCounts {
        var counts = counts
        for connection in connections {
            switch connection.activity {
            case .waiting: counts.waiting += 1
            case .reading: counts.reading += 1
            case .writing: counts.writing += 1
            case .closed: break
            }
        }
        return counts
    }
}
