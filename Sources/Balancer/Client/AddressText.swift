internal import Bytes
internal import Reactor

/// A client's address as text, in the form of `$remote_addr`.
///
/// The text of an IPv4 address is stored inline. Each connection has an `AddressText`, and an array would need three
/// times as much memory.
enum AddressText {
    case inPlace(InlineArray<15, UInt8>, count: UInt8)
    case array([UInt8])

    init(_ address: SocketAddress) {
        guard case .ipv4(let number, _) = address else {
            self = .array(Array(address.host.utf8))
            return
        }
        var text = InlineArray<15, UInt8>(repeating: 0)
        var count = 0
        func append(_ byte: UInt8) {
            text[count] = byte
            count += 1
        }
        for index in 0..<4 {
            let part = UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * index))
            if index > 0 { append(ASCII.dot) }
            if part >= 100 { append(ASCII.zero + part / 100) }
            if part >= 10 { append(ASCII.zero + part / 10 % 10) }
            append(ASCII.zero + part % 10)
        }
        self = .inPlace(text, count: UInt8(count))
    }

    /// Calls `body` with the text's bytes, without copying them.
    func lend(_ body: (Span<UInt8>) -> Void) {
        switch self {
        case .inPlace(let text, let count): body(text.span.extracting(0..<Int(count)))
        case .array(let text): body(text.span)
        }
    }

    func append(to out: inout [UInt8]) { lend { out.append(copying: $0) } }
}
