/// Writes a reply whose length is not known; the head goes out with the first bytes of the body.
final class StreamWriter {
    private let connection: Connection
    private var head: [UInt8]
    private(set) var hasBegun = false
    private var sinceCheck = 0

    init(_ connection: Connection, _ head: [UInt8]) {
        self.connection = connection
        self.head = head
    }

    func begin() throws(ClientGone) {
        guard !hasBegun else { return }
        hasBegun = true
        guard connection.write(head) else { throw ClientGone() }
        head = []
    }

    func write(_ bytes: borrowing [UInt8]) throws(ClientGone) {
        try begin()
        guard connection.write(copy bytes) else { throw ClientGone() }
        sinceCheck += bytes.count
        if sinceCheck >= 65_536 {
            sinceCheck = 0
            connection.limitTime(Limits.exchange)
        }
    }
}
