/// Writes a response of unknown length. The head is sent with the first bytes of the body.
final class StreamWriter {
    private let connection: FastCGIConnection
    private var head: [UInt8]
    private(set) var hasBegun = false
    private var bytesSinceDeadline = 0

    init(_ connection: FastCGIConnection, _ head: [UInt8]) {
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
        bytesSinceDeadline += bytes.count
        if bytesSinceDeadline >= 65_536 {
            bytesSinceDeadline = 0
            connection.setDeadline(after: ResponderTimeouts.request)
        }
    }
}
