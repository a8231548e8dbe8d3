/// Limits the params of one request. It reads only the lengths of the names and values (FastCGI 1.0, section 3.4).
struct ParamsLimit: Sendable {
    /// The maximum size of all params, in bytes. Apache's default limits allow 0.8 MB of header fields.
    static let bytes = 1 << 20

    private enum Part {
        case length, content
    }

    private var part = Part.length
    private var total = 0
    /// The sum of those lengths of the current pair that were read completely.
    private var contentLength = 0
    /// How many lengths of the current pair were read completely.
    private var completeLengths = 0
    /// The length that is being read.
    private var length = 0
    /// How many bytes of ``length`` are still missing.
    private var missingBytes = 0
    /// How many content bytes of the current pair still follow.
    private var remaining = 0

    /// - Parameter bytes: the next bytes of the PARAMS stream
    mutating func take(_ bytes: Span<UInt8>) throws(RequestFilter.Failure) {
        total += bytes.count
        guard total <= Self.bytes else { throw .paramsTooLarge }
        var position = 0
        while position < bytes.count {
            switch part {
            case .length:
                try take(bytes[position])
                position += 1
            case .content:
                let count = min(bytes.count - position, remaining)
                position += count
                remaining -= count
                if remaining == 0 { part = .length }
            }
        }
    }

    private mutating func take(_ byte: UInt8) throws(RequestFilter.Failure) {
        if missingBytes > 0 {
            length = length << 8 | Int(byte)
            missingBytes -= 1
        } else if byte < 128 {
            length = Int(byte)
        } else {
            length = Int(byte & 0x7F)
            missingBytes = 3
        }
        guard missingBytes == 0 else { return }
        contentLength += length
        completeLengths += 1
        guard contentLength <= Self.bytes else { throw .paramsTooLarge }
        guard completeLengths == 2 else { return }
        remaining = contentLength
        part = remaining == 0 ? .length : .content
        contentLength = 0
        completeLengths = 0
    }
}
