/// Objects of ended requests, which the next requests use again. They keep their memory.
struct RequestPool {
    /// The maximum number of spare objects of each kind.
    private static let maxSpares = 256

    private var exchanges: ContiguousArray<Exchange> = []
    private var readers: ContiguousArray<HTTP1Reader> = []

    mutating func takeExchange() -> Exchange? { exchanges.popLast() }

    mutating func giveBack(_ exchange: Exchange) {
        exchange.reset()
        if exchanges.count < Self.maxSpares { exchanges.append(exchange) } else { exchange.dispose() }
    }

    mutating func takeReader() -> HTTP1Reader? { readers.popLast() }

    mutating func giveBack(_ reader: HTTP1Reader) {
        guard readers.count < Self.maxSpares else { return }
        reader.reset()
        readers.append(reader)
    }

    /// Disposes the spare objects, because the loop has ended.
    mutating func removeAll() {
        for exchange in exchanges { exchange.dispose() }
        exchanges = []
        readers = []
    }
}
